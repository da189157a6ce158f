"""What limits do while Valkey is gone, frozen or failing, and that they find back without a restart."""

import asyncio
import signal
import time

import pytest
from redis import asyncio as aioredis

from gateway.limits.limiter import FALLBACKS, VALKEY_UP, Limiter, open_limiter
from gateway.limits.policy import LimitClass, parse_policy
from gateway.valkey import budget
from tests.integration.gateway.limits.conftest import BUDGET, OwnValkey

WIDE = LimitClass("wide", parse_policy("50 per hour"), "user")
LOGIN = LimitClass("login", parse_policy("20 per 15 minutes"), strict=True)


def fallbacks(limit: LimitClass) -> float:
    return float(FALLBACKS.labels(limit.name)._value.get())


async def is_back(limiter: Limiter) -> None:
    async with asyncio.timeout(10):
        while limiter.is_away:  # noqa: ASYNC110  the limiter has no event for it, as nobody but a test waits
            await asyncio.sleep(0.01)


async def passed(limiter: Limiter, limit: LimitClass, size: int, subject: str = "addr:a") -> int:
    verdicts = await asyncio.gather(*(limiter.check(limit, subject) for _ in range(size)))
    return sum(verdict.allowed for verdict in verdicts)


async def test_killed_valkey_leaves_limits_in_memory(own_valkey: OwnValkey) -> None:
    """R7: Valkey killed -> the local limiter answers, exactly, counted; and it is used again when it is back."""
    async with open_limiter(own_valkey.url) as limiter:
        assert await passed(limiter, WIDE, 1) == 1
        own_valkey.kill()
        before = fallbacks(WIDE)
        assert await passed(limiter, WIDE, 200) == 50
        assert fallbacks(WIDE) == before + 200
        assert VALKEY_UP._value.get() == 0
        own_valkey.start()
        await is_back(limiter)
        assert VALKEY_UP._value.get() == 1
        assert await passed(limiter, WIDE, 200, "addr:b") == 50
        assert fallbacks(WIDE) == before + 200


async def test_killing_valkey_gives_no_fresh_logins(own_valkey: OwnValkey) -> None:
    """R7: strict classes stay strict, over the loss of Valkey and over its return with nothing in it."""
    async with open_limiter(own_valkey.url) as limiter:
        assert await passed(limiter, LOGIN, 15) == 15
        own_valkey.kill()
        assert await passed(limiter, LOGIN, 50) == 5
        own_valkey.start()
        await is_back(limiter)
        assert await passed(limiter, LOGIN, 50) == 0


async def test_frozen_valkey_costs_one_budget_and_then_nothing(
    own_valkey: OwnValkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R8: Valkey stopped (SIGSTOP) -> at most 50 ms added, then the breaker; it recovers with SIGCONT."""
    async with open_limiter(own_valkey.url) as limiter:
        await limiter.check(WIDE, "addr:a")
        monkeypatch.setattr(budget, "SECONDS", BUDGET)
        own_valkey.signal(signal.SIGSTOP)
        try:
            started = time.perf_counter()
            assert await passed(limiter, WIDE, 200, "addr:b") == 50
            assert time.perf_counter() - started < BUDGET * 1.9
            assert limiter.is_away
            started = time.perf_counter()
            assert await passed(limiter, WIDE, 100, "addr:c") == 50
            assert time.perf_counter() - started < BUDGET
        finally:
            own_valkey.signal(signal.SIGCONT)
        await is_back(limiter)
        assert await passed(limiter, WIDE, 100, "addr:d") == 50


async def test_gateway_starts_before_valkey(own_valkey: OwnValkey) -> None:
    own_valkey.kill()
    async with open_limiter(own_valkey.url) as limiter:
        assert limiter.is_away
        assert await passed(limiter, WIDE, 60) == 50
        own_valkey.start()
        await is_back(limiter)


async def test_stopping_while_valkey_is_away_leaves_nothing_behind(own_valkey: OwnValkey) -> None:
    own_valkey.kill()
    before = asyncio.all_tasks()
    async with open_limiter(own_valkey.url) as limiter:
        await limiter.check(WIDE, "addr:a")
    assert asyncio.all_tasks() == before


async def test_stopping_answers_those_who_wait(own_valkey: OwnValkey) -> None:
    async with open_limiter(own_valkey.url) as limiter:
        own_valkey.signal(signal.SIGSTOP)
        waiting = [asyncio.create_task(limiter.check(WIDE, "addr:a")) for _ in range(300)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    own_valkey.signal(signal.SIGCONT)
    async with asyncio.timeout(1):
        assert sum([(await each).allowed for each in waiting]) == 50


@pytest.mark.parametrize("setting", [("maxmemory", "1"), ("min-replicas-to-write", "1")])
async def test_valkey_that_refuses_to_write_is_as_good_as_away(own_valkey: OwnValkey, setting: tuple[str, str]) -> None:
    """R7: full memory, or no replica to write to, is an outage too, and ends by itself."""
    async with open_limiter(own_valkey.url) as limiter, aioredis.from_url(own_valkey.url) as client:
        await client.config_set(*setting)
        assert await passed(limiter, WIDE, 60) == 50
        assert limiter.is_away
        await client.config_set(setting[0], "0")
        await is_back(limiter)
        assert await passed(limiter, WIDE, 60, "addr:b") == 50
