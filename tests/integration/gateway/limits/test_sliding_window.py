"""The script in a real Valkey, its Python twin, and an oracle that counts events, must tell the same of any history."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import count, pairwise
from math import ceil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from redis import Redis

import gateway.limits
from gateway.limits.policy import LimitClass, Rate
from gateway.limits.window import Counters
from tests.stores import StoreUrls

START = 1_800_000_000_000
CLOCK = "local time = redis.call('TIME')\nlocal now = time[1] * 1000 + math.floor(time[2] / 1000)\n"
NUMBERS = count()

RATES = st.lists(
    st.builds(Rate, st.integers(1, 30), st.integers(1, 9)),
    min_size=1,
    max_size=3,
    unique_by=lambda rate: rate.window_seconds,
)
CALLS = st.lists(st.tuples(st.integers(0, 4000), st.integers(1, 4)), max_size=40)
BACK_AND_FORTH = st.lists(st.tuples(st.integers(-5000, 5000), st.integers(1, 4)), max_size=25)


class Script:
    """The script as it is, but told the time by the test."""

    def __init__(self, client: Redis) -> None:
        source = (Path(gateway.limits.__file__).parent / "sliding_window.lua").read_text("utf-8")
        assert source.count(CLOCK) == 1
        self._run = client.register_script(source.replace(CLOCK, "local now = tonumber(table.remove(ARGV))\n"))

    def __call__(self, key: str, limit: LimitClass, cost: int, now: int) -> list[int]:
        answer = self._run(keys=[key], args=[cost, *limit.script_arguments, now])
        assert isinstance(answer, list)
        return answer


class Oracle:
    """What the estimate is by its definition: counted events of this window, and those of the last one, by overlap."""

    def __init__(self, rates: tuple[Rate, ...]) -> None:
        self._rates = rates
        self._events: list[tuple[int, int]] = []

    def fits(self, rate: Rate, now: int, cost: int) -> bool:
        return cost <= self.left(rate, now)

    def left(self, rate: Rate, now: int) -> int:
        window = rate.window_seconds * 1000
        begin = now // window * window
        current = sum(cost for at, cost in self._events if begin <= at)
        previous = sum(cost for at, cost in self._events if begin - window <= at < begin)
        return rate.limit - current - ceil(Fraction(previous * (begin + window - now), window))

    def call(self, now: int, cost: int) -> bool:
        allowed = all(self.fits(rate, now, cost) for rate in self._rates)
        if allowed:
            self._events.append((now, cost))
        return allowed


@pytest.fixture(scope="module")
def script(stores: StoreUrls) -> Iterator[Script]:
    with Redis.from_url(stores.valkey) as client:
        yield Script(client)


@settings(deadline=None, max_examples=150)
@given(RATES, CALLS)
def test_script_agrees_with_the_oracle(script: Script, rates: list[Rate], calls: list[tuple[int, int]]) -> None:
    limit = LimitClass("any", tuple(rates))
    oracle, key, now = Oracle(limit.rates), f"oracle:{next(NUMBERS)}", START
    for pause, cost in calls:
        now += pause
        allowed, *numbers = script(key, limit, cost, now)
        assert bool(allowed) == oracle.call(now, cost)
        for rate, remaining, reset in zip(limit.rates, numbers[::2], numbers[1::2], strict=True):
            assert remaining == max(0, oracle.left(rate, now))
            if allowed:
                assert oracle.left(rate, now + reset) == rate.limit
            elif cost <= rate.limit:
                assert oracle.fits(rate, now + reset, cost)
                assert reset == 0 or not oracle.fits(rate, now + reset - 1, cost)


@settings(deadline=None, max_examples=100)
@given(RATES, BACK_AND_FORTH)
def test_python_twin_agrees_with_the_script(script: Script, rates: list[Rate], calls: list[tuple[int, int]]) -> None:
    """Also where the clock is set back."""
    limit = LimitClass("any", tuple(rates))
    twin, key, now = Counters(), f"twin:{next(NUMBERS)}", START
    for step, cost in calls:
        now += step
        allowed, *numbers = script(key, limit, cost, now)
        verdict = twin.check(limit, now, cost, count=True)
        place = limit.rate_names.index(verdict.rate_name) * 2
        assert verdict.allowed == bool(allowed)
        assert verdict.remaining == numbers[place]
        assert verdict.reset_seconds == ceil(numbers[place + 1] / 1000)


@pytest.mark.parametrize("rate", [Rate(1_000_000, 31 * 86_400), Rate(999_983, 86_399)])
def test_arithmetic_is_exact_at_the_highest_limits(script: Script, rate: Rate) -> None:
    limit, window = LimitClass("large", (rate,)), rate.window_seconds * 1000
    key, begin = f"large:{next(NUMBERS)}", START // window * window
    assert script(key, limit, rate.limit, begin)[:2] == [1, 0]
    for late in (0, 1, 7, window // 3, window - 1):
        _, remaining, reset = script(key, limit, rate.limit, begin + window + late)
        assert remaining == rate.limit * late // window
        assert reset == window - late
    oracle = Oracle(limit.rates)
    oracle.call(begin, rate.limit)
    for cost, after in pairwise([1, 2, 3, 1000, 77_777]):
        _, _, reset = script(key, limit, cost, begin + after)
        assert oracle.fits(rate, begin + after + reset, cost)
        assert not oracle.fits(rate, begin + after + reset - 1, cost)


def test_damaged_counter_counts_as_none(script: Script, stores: StoreUrls) -> None:
    limit = LimitClass("any", (Rate(2, 60),))
    with Redis.from_url(stores.valkey) as client:
        client.hset("damaged", "60000", "not a counter")
    assert script("damaged", limit, 1, START)[:2] == [1, 1]
