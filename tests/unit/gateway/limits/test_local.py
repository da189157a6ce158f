"""Counting in memory: the fallback of all classes, and the memory of strict ones."""

import pytest

from gateway.limits.local import LocalLimiter
from gateway.limits.policy import LimitClass, parse_policy

TWICE = LimitClass("twice", parse_policy("2 per minute"))
BOTH = LimitClass("both", parse_policy("2 per minute, 3 per hour"))
START = 1_800_000_000.0  # the start of a minute and of an hour


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def local(clock: Clock) -> LocalLimiter:
    return LocalLimiter(clock, max_subjects=3)


def allowed(local: LocalLimiter, limit: LimitClass, subject: str = "addr:a", times: int = 1) -> list[bool]:
    return [local.check(limit, subject).allowed for _ in range(times)]


def test_limit_is_exact(local: LocalLimiter) -> None:
    assert allowed(local, TWICE, times=4) == [True, True, False, False]


def test_subjects_and_classes_do_not_share(local: LocalLimiter) -> None:
    allowed(local, TWICE, times=2)
    assert allowed(local, TWICE, "addr:b") == [True]
    assert allowed(local, BOTH) == [True]


def test_refused_call_passes_after_the_told_wait_and_not_before(local: LocalLimiter, clock: Clock) -> None:
    allowed(local, TWICE, times=2)
    clock.now += 10
    refused = local.check(TWICE, "addr:a")
    assert (refused.allowed, refused.remaining, refused.reset_seconds) == (False, 0, 80)
    clock.now += refused.reset_seconds - 0.001
    assert allowed(local, TWICE) == [False]
    clock.now += 0.001
    assert allowed(local, TWICE) == [True]


def test_refused_call_counts_against_no_rate(local: LocalLimiter, clock: Clock) -> None:
    allowed(local, BOTH, times=9)
    clock.now += 120
    assert allowed(local, BOTH, times=2) == [True, False]


def test_binding_rate_is_told(local: LocalLimiter, clock: Clock) -> None:
    assert local.check(BOTH, "addr:a").rate_name == "both-60"
    local.check(BOTH, "addr:a")
    clock.now += 120
    local.check(BOTH, "addr:a")
    verdict = local.check(BOTH, "addr:a")
    assert (verdict.allowed, verdict.rate_name, verdict.limit) == (False, "both-3600", 3)


def test_preview_counts_nothing_and_record_counts_beyond_the_limit(local: LocalLimiter) -> None:
    assert all(local.preview(TWICE, "addr:a").allowed for _ in range(9))
    for _ in range(3):
        local.record(TWICE, "addr:a")
    verdict = local.preview(TWICE, "addr:a")
    assert (verdict.allowed, verdict.remaining) == (False, 0)


def test_clock_that_goes_back_gives_nothing_back(local: LocalLimiter, clock: Clock) -> None:
    allowed(local, TWICE, times=2)
    clock.now -= 3600
    assert allowed(local, TWICE) == [False]


def test_memory_is_bounded_and_forgets_the_longest_unseen(local: LocalLimiter) -> None:
    allowed(local, TWICE, "addr:a", times=2)
    allowed(local, TWICE, "addr:b", times=2)
    for other in ("addr:c", "addr:a", "addr:d"):
        local.check(TWICE, other)
    assert allowed(local, TWICE, "addr:a") == [False]
    assert allowed(local, TWICE, "addr:b") == [True]


def test_flood_on_one_class_costs_another_nothing(local: LocalLimiter) -> None:
    allowed(local, TWICE, times=2)
    for number in range(50):
        local.check(BOTH, f"addr:{number}")
    assert allowed(local, TWICE) == [False]


def test_changed_policy_goes_on_with_the_windows_that_it_keeps(local: LocalLimiter) -> None:
    """Reloading the route file must neither break a class nor hand out a fresh allowance."""
    assert allowed(local, LimitClass("login", parse_policy("2 per minute, 3 per hour")), times=3) == [True, True, False]
    assert allowed(local, LimitClass("login", parse_policy("3 per hour, 10 per day")), times=2) == [True, False]
    assert allowed(local, LimitClass("login", parse_policy("5 per hour")), times=3) == [True, True, False]
    assert allowed(local, LimitClass("login", parse_policy("2 per second")), times=3) == [True, True, False]
