"""Limits counted in a real Valkey, by one gateway and by several."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import asyncio as aioredis
from redis.crc import key_slot

from gateway.limits.limiter import FALLBACKS, Limiter, open_limiter
from gateway.limits.policy import LimitClass, Rate, parse_policy
from tests.stores import StoreUrls

NUMBERS = count()
HOURLY = LimitClass("hourly", parse_policy("50 per hour"))
BOTH = LimitClass("both", parse_policy("5 per minute, 8 per day"))
STRICT = LimitClass("strict", parse_policy("5 per hour"), strict=True)


async def burst(limiter: Limiter, limit: LimitClass, subject: str, size: int) -> int:
    verdicts = await asyncio.gather(*(limiter.check(limit, subject) for _ in range(size)))
    return sum(verdict.allowed for verdict in verdicts)


@pytest.fixture(autouse=True)
def _nothing_is_answered_from_memory() -> Iterator[None]:
    before = FALLBACKS.labels("hourly")._value.get()
    yield
    assert FALLBACKS.labels("hourly")._value.get() == before


async def test_exactly_the_limit_passes_of_a_parallel_burst(limiter: Limiter) -> None:
    """G27: a burst of 1,000 in parallel at limit N lets exactly N pass."""
    assert await burst(limiter, HOURLY, "addr:a", 1000) == 50


async def test_exactly_the_limit_passes_over_several_gateways(valkey_url: str) -> None:
    """G27: over any number of gateways."""
    async with open_limiter(valkey_url) as one, open_limiter(valkey_url) as two, open_limiter(valkey_url) as three:
        passed = await asyncio.gather(*(burst(each, HOURLY, "addr:a", 350) for each in (one, two, three)))
    assert sum(passed) == 50


async def test_subjects_and_classes_do_not_share(limiter: Limiter) -> None:
    assert await burst(limiter, HOURLY, "addr:a", 60) == 50
    assert await burst(limiter, HOURLY, "user:a", 60) == 50
    assert await burst(limiter, BOTH, "addr:a", 60) == 5


async def test_verdict_says_where_the_caller_stands(limiter: Limiter) -> None:
    verdict = await limiter.check(HOURLY, "addr:a", cost=20)
    assert (verdict.allowed, verdict.limit, verdict.remaining, verdict.policy) == (True, 50, 30, HOURLY)
    refused = await limiter.check(HOURLY, "addr:a", cost=31)
    assert (refused.allowed, refused.remaining) == (False, 30)
    assert 0 < refused.reset_seconds <= 2 * 3600
    assert (await limiter.check(HOURLY, "addr:a", cost=30)).remaining == 0


async def test_refused_call_counts_against_no_rate(limiter: Limiter, valkey_url: str) -> None:
    await burst(limiter, BOTH, "addr:a", 100)
    async with aioredis.from_url(valkey_url, decode_responses=True) as client:
        counts = await client.hgetall("limit:{addr:a}:both")
    assert {window: value.split()[1] for window, value in counts.items()} == {"60000": "5", "86400000": "5"}


async def test_counters_expire(limiter: Limiter, valkey_url: str) -> None:
    await limiter.check(BOTH, "addr:a")
    async with aioredis.from_url(valkey_url, decode_responses=True) as client:
        assert 0 < await client.pttl("limit:{addr:a}:both") <= 2 * 86_400_000
        assert await client.pttl("limit:{addr:gateway}:probe") <= 2000


async def test_one_subjects_keys_share_a_slot(limiter: Limiter, valkey_url: str) -> None:
    await limiter.check(BOTH, "addr:2001:db8::/64")
    await limiter.check(HOURLY, "addr:2001:db8::/64")
    async with aioredis.from_url(valkey_url, decode_responses=True) as client:
        keys = await client.keys("limit:*2001*")
    assert (len(keys), len({key_slot(str(key).encode()) for key in keys})) == (2, 1)


async def test_forgotten_script_is_loaded_again(limiter: Limiter, valkey_url: str) -> None:
    async with aioredis.from_url(valkey_url) as client:
        await client.script_flush()
        assert await burst(limiter, HOURLY, "addr:a", 60) == 50


async def test_caller_who_leaves_costs_the_others_nothing(limiter: Limiter) -> None:
    calls = [asyncio.create_task(limiter.check(HOURLY, "addr:a")) for _ in range(40)]
    await asyncio.sleep(0)
    for call in calls[::2]:
        call.cancel()
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert [isinstance(result, asyncio.CancelledError) for result in results] == [True, False] * 20
    assert await burst(limiter, HOURLY, "addr:b", 60) == 50


async def test_answers_never_cross(limiter: Limiter) -> None:
    """G29: with calls leaving at random, each verdict is of its own call."""
    costs = {f"user:{number}": number % 50 + 1 for number in range(300)}
    calls = {subject: asyncio.create_task(limiter.check(HOURLY, subject, cost)) for subject, cost in costs.items()}
    await asyncio.sleep(0)
    for number, call in enumerate(calls.values()):
        if number % 3 == 0:
            call.cancel()
    await asyncio.wait(calls.values())
    for subject, call in calls.items():
        if not call.cancelled():
            assert call.result().remaining == 50 - costs[subject]


async def test_strict_class_remembers_what_valkey_lost(limiter: Limiter, valkey_url: str) -> None:
    """R9 for limits: a flush gives nobody a fresh allowance of a strict class."""
    assert await burst(limiter, STRICT, "addr:a", 3) == 3
    async with aioredis.from_url(valkey_url) as client:
        await client.flushall()
    assert await burst(limiter, STRICT, "addr:a", 1) == 1
    assert [(await limiter.check(STRICT, "addr:a")).allowed for _ in range(3)] == [True, False, False]


async def test_strict_class_is_exact_in_a_burst_too(limiter: Limiter) -> None:
    assert await burst(limiter, STRICT, "addr:a", 200) == 5


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(calls=st.lists(st.tuples(st.integers(0, 2), st.integers(1, 6)), max_size=30), limit=st.integers(1, 40))
def test_gateways_in_any_order_count_as_one(stores: StoreUrls, calls: list[tuple[int, int]], limit: int) -> None:
    """G27: whoever asks for how much, a call passes if and only if it still fits into the limit."""
    policy = LimitClass(f"shared-{next(NUMBERS)}", (Rate(limit, 31 * 86_400),))

    async def ask() -> list[bool]:
        async with AsyncExitStack() as stack:
            limiters = [await stack.enter_async_context(open_limiter(stores.valkey)) for _ in range(3)]
            return [(await limiters[which].check(policy, "addr:a", cost)).allowed for which, cost in calls]

    left, expected = limit, []
    for _, cost in calls:
        expected.append(cost <= left)
        left -= cost if cost <= left else 0
    assert asyncio.run(ask()) == expected


async def test_script_that_is_forgotten_in_the_midst_of_a_burst_costs_no_exactness(valkey_url: str) -> None:
    """G27: over several gateways, each of which has to load it again."""
    async with AsyncExitStack() as stack:
        limiters = [await stack.enter_async_context(open_limiter(valkey_url)) for _ in range(3)]
        client = await stack.enter_async_context(aioredis.from_url(valkey_url))
        bursts = [asyncio.create_task(burst(each, HOURLY, "addr:a", 400)) for each in limiters]
        for _ in range(20):
            await client.script_flush()
        assert sum(await asyncio.gather(*bursts)) == 50


@pytest.mark.parametrize("strict", [False, True])
async def test_look_says_what_the_next_check_says_and_counts_nothing(limiter: Limiter, *, strict: bool) -> None:
    limit = LimitClass("looked_at", (Rate(3, 3600), Rate(10, 86_400)), strict=strict)
    for _ in range(5):
        looks = [await limiter.look(limit, "addr:192.0.2.1") for _ in range(3)]
        check = await limiter.check(limit, "addr:192.0.2.1")
        for look in looks:
            assert (look.allowed, look.rate_name, look.limit) == (check.allowed, check.rate_name, check.limit)
            assert look.remaining == check.remaining + (1 if check.allowed else 0)
            assert check.allowed or abs(look.reset_seconds - check.reset_seconds) <= 1
