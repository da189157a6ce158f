from contextlib import ExitStack

import pytest

from gateway.errors import TooManyAtOnce
from gateway.limits.concurrency import ConcurrencyLimits
from tests.told import Grown

HERE, THERE = "192.0.2.1", "192.0.2.2"
REFUSALS = "gateway_concurrency_refusals_total"


def hold(stack: ExitStack, concurrency: ConcurrencyLimits, user_id: str, address: str, times: int) -> None:
    for _ in range(times):
        stack.enter_context(concurrency.take(user_id, address))


def test_user_holds_no_more_than_a_share_from_wherever() -> None:
    """G16"""
    concurrency = ConcurrencyLimits(per_user=3, per_address=100)
    with ExitStack() as stack:
        hold(stack, concurrency, "ada", HERE, 2)
        hold(stack, concurrency, "ada", THERE, 1)
        with pytest.raises(TooManyAtOnce), concurrency.take("ada", THERE):
            pass
        hold(stack, concurrency, "grace", THERE, 3)


def test_address_holds_no_more_than_a_share_for_whomever() -> None:
    concurrency = ConcurrencyLimits(per_user=3, per_address=4)
    with ExitStack() as stack:
        hold(stack, concurrency, "ada", HERE, 2)
        hold(stack, concurrency, "", HERE, 1)
        hold(stack, concurrency, "grace", HERE, 1)
        for user_id in ("ada", "grace", ""):
            with pytest.raises(TooManyAtOnce), concurrency.take(user_id, HERE):
                pass
        hold(stack, concurrency, "ada", THERE, 1)


def test_share_is_given_back_whatever_happens_and_nothing_is_remembered() -> None:
    concurrency = ConcurrencyLimits(per_user=1, per_address=1)
    for _ in range(3):
        with pytest.raises(ValueError, match="failed"), concurrency.take("ada", HERE):
            raise ValueError("failed")
    with concurrency.take("ada", HERE):
        assert len(concurrency) == 2
        with pytest.raises(TooManyAtOnce), concurrency.take("ada", HERE):
            pass
    assert len(concurrency) == 0


def test_refusals_are_told_by_whose_they_are() -> None:
    of_users, of_addresses = (Grown(REFUSALS, whose=whose) for whose in ("user", "address"))
    concurrency = ConcurrencyLimits(per_user=1, per_address=2)
    with concurrency.take("ada", HERE):
        with pytest.raises(TooManyAtOnce), concurrency.take("ada", THERE):
            pass
        with concurrency.take("", HERE), pytest.raises(TooManyAtOnce), concurrency.take("bob", HERE):
            pass
    assert (of_users[REFUSALS], of_addresses[REFUSALS]) == (1, 1)
