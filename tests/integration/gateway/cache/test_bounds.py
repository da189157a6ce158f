"""The cache takes no more than it may: in Valkey, in memory, and of a client's patience."""

import asyncio
from pathlib import Path

import pytest
from aiohttp import web
from redis import asyncio as aioredis

from gateway.cache import memory
from tests.integration.gateway.cache.caching_gateway import CachingGateway, counted, run_caching_gateway


async def test_body_of_unknown_length_streams_on_once_it_is_too_large(gateway: CachingGateway) -> None:
    """What turns out to be too large on its way goes on from where it is; its client never waits for its end."""
    goes_on = asyncio.Event()
    piece = bytes(100_000)

    async def grow(request: web.BaseRequest) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Cache-Control": "max-age=60"})
        await answer.prepare(request)
        for number in range(40):
            if number == 20:
                await goes_on.wait()
            await answer.write(piece)
        return answer

    gateway.running.echo.answer = grow
    async with gateway.running.client.get(gateway.running.url + "/pictures/1") as answer:
        assert len(await answer.content.readexactly(1_500_000)) == 1_500_000
        goes_on.set()
        assert len(await answer.read()) == 2_500_000
    assert (await gateway.get("/pictures/1", Cache_Control="only-if-cached")).status == 504


async def test_answer_that_breaks_off_is_never_kept(gateway: CachingGateway) -> None:
    async def break_off(request: web.BaseRequest) -> web.StreamResponse:
        gateway.origin.seen.append(request)
        answer = web.StreamResponse(headers={"Cache-Control": "max-age=60", "Content-Length": "1000"})
        await answer.prepare(request)
        await answer.write(b"half")
        assert request.transport is not None
        request.transport.close()
        return answer

    gateway.running.echo.answer = break_off
    assert (await gateway.get("/pictures/1")).status == 502
    gateway.running.echo.answer = gateway.origin.answer
    got = await gateway.get("/pictures/1")
    assert (got.status, got.body) == (200, b"picture")


async def test_process_keeps_no_more_than_its_share(tmp_path: Path, valkey_url: str) -> None:
    async with run_caching_gateway(tmp_path, valkey_url, CACHE_BYTES="100000") as gateway:
        gateway.origin.body = bytes(30_000)
        for number in range(1, 4):
            await gateway.get(f"/pictures/{number}")
            assert (await gateway.get("/pictures/1")).cache == "colonnade; hit"
        await gateway.get("/pictures/4")
        kept = [await is_kept(gateway, number) for number in range(1, 5)]
        assert kept == [True, False, True, True]  # the longest unused has gone
        assert 90_000 <= counted("gateway_cache_kept_bytes") <= 100_000
        gateway.origin.body = bytes(100_000)
        assert "stored" not in (await gateway.get("/pictures/5")).cache
        async with aioredis.from_url(valkey_url) as client:
            sizes = [await client.memory_usage(key) or 0 async for key in client.scan_iter("cache:*:*")]
        assert len(sizes) == 3


async def is_kept(gateway: CachingGateway, number: int) -> bool:
    return (await gateway.get(f"/pictures/{number}", Cache_Control="only-if-cached")).status == 200


async def test_cache_is_passed_by_while_too_much_is_held(
    tmp_path: Path, valkey_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Clients that don't read hold what they are sent; beyond the bound others are streamed to."""
    monkeypatch.setattr(memory.Memory.__init__, "__defaults__", (500_000,))
    async with run_caching_gateway(tmp_path, valkey_url) as gateway:
        gateway.origin.body = bytes(1_000_000)
        assert (await gateway.get("/pictures/1")).cache == "colonnade; fwd=miss; fwd-status=200"
        gateway.origin.body = bytes(490_000)
        assert (await gateway.get("/pictures/2")).cache.endswith("stored")
        assert (await gateway.get("/pictures/2")).cache == "colonnade; hit"


async def test_slow_reader_does_not_hold_others_up(gateway: CachingGateway) -> None:
    gateway.origin.body = bytes(1_000_000)
    await gateway.get("/pictures/1")
    async with gateway.running.connection() as (reader, writer):
        writer.write(b"GET /pictures/1 HTTP/1.1\r\nHost: a\r\n\r\n" * 3)
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        for _ in range(3):
            assert (await gateway.get("/pictures/1")).body == gateway.origin.body
    assert len(gateway.origin.seen) == 1
