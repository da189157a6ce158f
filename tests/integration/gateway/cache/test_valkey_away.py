"""While Valkey is away the cache is passed by and nobody waits; what was to go is gone before it is used again."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis import asyncio as aioredis

from gateway.valkey import budget
from tests.integration.gateway.cache.caching_gateway import CachingGateway, counted, run_caching_gateway
from tests.integration.gateway.limits.conftest import OwnValkey
from tests.waiting import eventually

BYPASS = "colonnade; fwd=bypass; fwd-status=200"
BUDGET = 1.0  # seconds; twenty times what it really is, so that a busy machine doesn't count


@pytest.fixture(params=["one Valkey for limits and cache", "a Valkey of the cache's own"])
async def gateway(
    request: pytest.FixtureRequest, tmp_path: Path, valkey_url: str, own_valkey: OwnValkey
) -> AsyncIterator[CachingGateway]:
    urls = (own_valkey.url,) if request.param.startswith("one") else (valkey_url, own_valkey.url)
    async with run_caching_gateway(tmp_path, urls[0], CACHE_URL=urls[-1]) as running:
        yield running


async def is_used_again(gateway: CachingGateway) -> bool:
    return (await gateway.get("/pictures/probe")).cache == "colonnade; hit"


async def test_killed_valkey_is_passed_by_and_used_again(gateway: CachingGateway, own_valkey: OwnValkey) -> None:
    """R7: Valkey killed -> cache bypassed."""
    await gateway.get("/pictures/1")
    own_valkey.kill()
    for _ in range(5):
        got = await gateway.get("/pictures/1")
        assert (got.status, got.body, got.cache) == (200, b"picture", BYPASS)
    assert counted("gateway_cache_up") == 0
    own_valkey.start()
    await eventually(lambda: is_used_again(gateway))
    assert counted("gateway_cache_up") == 1


async def test_frozen_valkey_costs_one_budget_and_then_nothing(
    gateway: CachingGateway, own_valkey: OwnValkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R8: Valkey stopped (SIGSTOP) -> at most 50 ms added, for limits and cache together, and then none."""
    await gateway.get("/pictures/1")
    monkeypatch.setattr(budget, "SECONDS", BUDGET)
    own_valkey.signal(signal.SIGSTOP)
    try:
        started = time.perf_counter()
        answers = await asyncio.gather(*(gateway.get(f"/pictures/{number}") for number in range(20)))
        assert time.perf_counter() - started < BUDGET * 1.9
        assert {answer.cache for answer in answers} == {BYPASS}
        started = time.perf_counter()
        answers = await asyncio.gather(*(gateway.get(f"/pictures/{number}") for number in range(20)))
        assert time.perf_counter() - started < BUDGET
        assert {answer.cache for answer in answers} == {BYPASS}
    finally:
        own_valkey.signal(signal.SIGCONT)
    await eventually(lambda: is_used_again(gateway))


async def test_change_while_valkey_is_frozen_is_taken_away_before_it_is_used(
    gateway: CachingGateway, own_valkey: OwnValkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    await gateway.get("/pictures/1")
    monkeypatch.setattr(budget, "SECONDS", 0.05)
    own_valkey.signal(signal.SIGSTOP)
    try:
        assert (await gateway.ask("PUT", "/pictures/1", data=b"new")).status == 200
        gateway.origin.body = b"another"
        assert (await gateway.get("/pictures/1")).body == b"another"
    finally:
        own_valkey.signal(signal.SIGCONT)
        monkeypatch.setattr(budget, "SECONDS", 5.0)
    await eventually(lambda: is_used_again(gateway))
    assert (await gateway.get("/pictures/1")).body == b"another"


@pytest.mark.parametrize("setting", [("maxmemory", "1"), ("min-replicas-to-write", "1")])
async def test_valkey_that_refuses_to_write_is_passed_by(
    gateway: CachingGateway, own_valkey: OwnValkey, setting: tuple[str, str]
) -> None:
    async with aioredis.from_url(own_valkey.url) as client:
        await client.config_set(*setting)
        assert (await gateway.get("/pictures/1")).cache == BYPASS
        await client.config_set(setting[0], "0")
    await eventually(lambda: is_used_again(gateway))


async def test_flushed_valkey_is_filled_again(gateway: CachingGateway, own_valkey: OwnValkey) -> None:
    await gateway.get("/pictures/1")
    async with aioredis.from_url(own_valkey.url) as client:
        await client.flushall()
    assert (await gateway.get("/pictures/1")).cache.endswith("stored")
    assert (await gateway.get("/pictures/1")).cache == "colonnade; hit"


async def test_rubbish_in_valkey_is_no_answer(gateway: CachingGateway, own_valkey: OwnValkey) -> None:
    await gateway.get("/pictures/1")
    async with aioredis.from_url(own_valkey.url) as client:
        (entry,) = [key async for key in client.scan_iter("cache:*") if key.count(b":") == 2]
        await client.set(entry, b"\x97rubbish", ex=60)
    assert (await gateway.get("/pictures/1")).body == b"picture"

    async def is_kept_again() -> bool:
        return (await gateway.get("/pictures/1")).cache == "colonnade; hit"

    await eventually(is_kept_again)
