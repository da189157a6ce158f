"""Which answers a fault excuses, how many pass a limit, and how an outage is measured."""

import pytest

from tests.chaos.checks.answers import CUT, Excuse, excused, longest_unavailability, too_slow, unexcused
from tests.chaos.checks.limits import CountsLost, wrong_limits
from tests.chaos.history import Burst, Exchange, History


def exchange(status: int, sent: float = 1.0, ended: float = 2.0, *, kind: str = "upload") -> Exchange:
    return Exchange("ada", kind, sent, ended, status)


@pytest.mark.parametrize(
    ("status", "excuse"),
    [
        pytest.param(500, Excuse(0, 9), id="500 is never right"),
        pytest.param(502, Excuse(0, 9), id="502 where nothing was killed"),
        pytest.param(503, Excuse(3, 9), id="over before the fault"),
        pytest.param(503, Excuse(0, 0.5), id="sent when all was well again"),
        pytest.param(503, Excuse(0, 9, kinds=frozenset({"sign-in"})), id="another kind of request"),
        pytest.param(0, Excuse(0, 9, CUT), id="no answer where no gateway was killed"),
    ],
)
def test_a_failure_without_excuse_is_found(status: int, excuse: Excuse) -> None:
    failures = [exchange(status)]
    assert len(list(unexcused(failures, [excuse]))) == 1
    assert excused(failures, [excuse]) == 0


def test_a_failure_under_the_fault_is_excused() -> None:
    failures = [exchange(503), exchange(502)]
    excuses = [Excuse(1.5, 1.5, CUT, frozenset({"upload"}))]
    assert list(unexcused(failures, excuses)) == []
    assert excused(failures, excuses) == 2


def test_an_answer_that_no_working_stack_gives_has_no_excuse() -> None:
    wrong = Exchange("ada", "refresh", 1.0, 2.0, 401, expected=False)
    assert "can't be right" in next(unexcused([wrong], [Excuse(0, 9, CUT)]))


def test_an_outage_lasts_from_its_first_failure_to_the_next_success_of_the_kind() -> None:
    exchanges = [
        exchange(200, 0.0, 0.5),
        exchange(503, 1.0, 1.1),
        exchange(200, 1.2, 1.3, kind="page"),
        exchange(503, 2.0, 2.1),
        exchange(201, 3.0, 3.5),
        exchange(503, 4.0, 4.5, kind="page"),
    ]
    assert longest_unavailability(exchanges) == (2.5, "upload")
    assert longest_unavailability(exchanges[:1]) == (0.0, "")


def test_answers_that_took_too_long_are_found() -> None:
    assert len(list(too_slow([exchange(200, 0.0, 3.0), exchange(200, 0.0, 1.0)], 2.0))) == 1


def burst(passed: int, refused: int, failed: int = 0, *, strict: bool = False) -> History:
    return History(bursts=[Burst(20, strict, 1.0, 2.0, passed, refused, failed)])


@pytest.mark.parametrize(
    ("history", "is_right"),
    [
        pytest.param(burst(20, 10), True, id="exactly N"),
        pytest.param(burst(21, 9), False, id="one too many"),
        pytest.param(burst(19, 11), False, id="one too few"),
        pytest.param(burst(18, 10, 2), True, id="some may have passed without an answer"),
        pytest.param(burst(17, 11, 2), False, id="too few even so"),
    ],
)
def test_exactly_n_pass_a_limit(history: History, *, is_right: bool) -> None:
    assert (list(wrong_limits(history, [], 2)) == []) is is_right


def test_lost_counts_let_no_more_through_than_is_promised() -> None:
    """Each of two gateways counts to N, and Valkey once more after its loss; what is strict only the gateways do."""
    lost = [CountsLost(1.5, 1.5)]
    assert list(wrong_limits(burst(80, 0), lost, 2)) == []
    assert len(list(wrong_limits(burst(81, 0), lost, 2))) == 1
    assert list(wrong_limits(burst(40, 0, strict=True), lost, 2)) == []
    assert len(list(wrong_limits(burst(41, 0, strict=True), lost, 2))) == 1
    assert len(list(wrong_limits(burst(21, 9), [CountsLost(5.0, 6.0)], 2))) == 1
