"""Upstreams that come and go while the gateway runs."""

import asyncio
import gc
from asyncio import StreamReader as Reader
from asyncio import StreamWriter as Writer
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from gateway.errors import UpstreamTimeout
from gateway.upstreams.pools import Pools, open_pools
from tests.unit.gateway.upstreams.raw_upstream import GET, LIMITS, Talk, Upstream, ask, pool_for, read_head, until

HELLO = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


async def greet(reader: Reader, writer: Writer) -> None:
    while True:
        await read_head(reader)
        writer.write(HELLO)


@asynccontextmanager
async def upstream_of(talk: Talk = greet) -> AsyncIterator[tuple[Pools, Upstream, str]]:
    async with pool_for(talk) as (_, upstream), open_pools(LIMITS) as pools:
        yield pools, upstream, f"http://127.0.0.1:{upstream.port}"


async def test_upstream_that_stays_keeps_its_connections() -> None:
    async with upstream_of() as (pools, upstream, url):
        before = pools.change({"it": url})["it"]
        await ask(before)
        after = pools.change({"it": url, "other": "http://127.0.0.1:1"})["it"]
        assert after is before
        await ask(after)
        assert upstream.accepted == 1


async def test_upstream_that_goes_closes_its_connections() -> None:
    async with upstream_of() as (pools, upstream, url):
        await ask(pools.change({"it": url})["it"])
        assert pools.change({}) == {}
        await asyncio.wait_for(upstream.ended.acquire(), 5)


async def test_upstream_that_moves_gets_a_new_pool() -> None:
    async with upstream_of() as (pools, upstream, url):
        before = pools.change({"it": "http://127.0.0.1:1"})["it"]
        after = pools.change({"it": url})["it"]
        assert after is not before
        await ask(after)
        assert upstream.accepted == 1


async def test_upstream_whose_limits_change_gets_a_new_pool_and_keeps_it() -> None:
    async with upstream_of() as (pools, upstream, url):
        before = pools.change({"it": url})["it"]
        await ask(before)
        own = {"it": replace(LIMITS, connections=1)}
        after = pools.change({"it": url}, own)["it"]
        assert after is not before
        held = await after.exchange(GET)
        assert after._instances[0].is_full
        await held.end()
        assert pools.change({"it": url}, dict(own))["it"] is after
        assert upstream.accepted == 2


async def test_request_that_began_before_is_still_served_and_leaves_no_connection() -> None:
    async with upstream_of() as (pools, upstream, url):
        pool = pools.change({"it": url})["it"]
        exchange = await pool.exchange(GET)
        pools.change({})
        assert await exchange.read() == b"hello"
        await exchange.end()
        await asyncio.wait_for(upstream.ended.acquire(), 5)
        assert await ask(pool) == (200, b"hello")  # one that had its route already, but no connection yet
        await asyncio.wait_for(upstream.ended.acquire(), 5)


async def test_request_that_began_before_keeps_its_time_out() -> None:
    async def silent(reader: Reader, _writer: Writer) -> None:
        await reader.read()

    async with upstream_of(silent) as (pools, upstream, url):
        asking = asyncio.create_task(ask(pools.change({"it": url})["it"], replace(GET, timeout=0.2)))
        await until(lambda: upstream.accepted)
        pools.change({})
        with pytest.raises(UpstreamTimeout):
            await asking


async def test_retired_pools_are_forgotten() -> None:
    async with open_pools(LIMITS) as pools:
        for port in range(1, 50):
            pools.change({"it": f"http://127.0.0.1:{port}"})
        gc.collect()
        assert len(pools._all) == 1
