from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from auth_service.access_tokens import LIFETIME
from auth_service.domain.signing_keys import LEAD, TOKENS_LIVE, KeyTimes, Plan, plan, signers

EVERY = timedelta(days=30)
START = datetime(2026, 1, 1, tzinfo=UTC)
FIRST = KeyTimes("first", START, None)
NEXT = KeyTimes("next", START + EVERY, None)


def test_tokens_end_before_the_keys_that_signed_them() -> None:
    assert timedelta(seconds=LIFETIME) < TOKENS_LIVE


def test_first_key_signs_at_once() -> None:
    assert plan([], START, EVERY) == Plan(make_for=START)


def test_next_key_is_made_a_lead_before_its_time_and_no_sooner() -> None:
    due = START + EVERY - LEAD
    assert not plan([FIRST], due - timedelta(seconds=1), EVERY)
    assert plan([FIRST], due, EVERY) == Plan(make_for=START + EVERY)
    assert not plan([FIRST, NEXT], due, EVERY)


def test_key_that_comes_late_is_published_for_a_whole_lead_all_the_same() -> None:
    """As after a month in which nothing ran."""
    now = START + 3 * EVERY
    assert plan([FIRST], now, EVERY) == Plan(make_for=now + LEAD)


def test_old_key_is_retired_when_the_next_one_signs() -> None:
    change = START + EVERY
    assert signers([FIRST, NEXT], change - timedelta(seconds=1))[0] is FIRST
    assert signers([FIRST, NEXT], change)[0] is NEXT
    assert plan([FIRST, NEXT], change, EVERY) == Plan(retire=(("first", change + TOKENS_LIVE),))


def test_withdrawn_key_signs_no_more_and_is_replaced() -> None:
    withdrawn = KeyTimes("first", START, START + timedelta(days=1))
    now = START + timedelta(days=1)
    assert not signers([withdrawn], now)
    assert plan([withdrawn], now, EVERY) == Plan(make_for=now)


@given(st.lists(st.timedeltas(min_value=timedelta(), max_value=timedelta(days=40)), max_size=30))
def test_whenever_somebody_looks_tokens_can_be_signed_and_verified(pauses: list[timedelta]) -> None:
    """Whatever pauses lie between: each key is published for a lead before it signs, and until its tokens are over."""
    keys: dict[str, KeyTimes] = {}
    published: dict[str, datetime] = {}
    now = START
    for pause in [timedelta(), *pauses]:
        now += pause
        before = signers(list(keys.values()), now)
        due = plan(list(keys.values()), now, EVERY)
        for kid, until in due.retire:
            assert keys[kid].verifies_until is None
            assert until >= before[0].signs_from + TOKENS_LIVE
            keys[kid] = KeyTimes(kid, keys[kid].signs_from, until)
        if due.make_for is not None:
            kid = f"key {len(keys)}"
            keys[kid], published[kid] = KeyTimes(kid, due.make_for, None), now
        current = signers(list(keys.values()), now)[0]
        assert current.verifies(now + timedelta(seconds=LIFETIME))
        assert current.kid == "key 0" or current.signs_from - published[current.kid] >= LEAD
        assert not plan(list(keys.values()), now, EVERY)
        assert sum(key.verifies_until is None for key in keys.values()) <= 2
