import asyncio
from asyncio import StreamReader as Reader
from asyncio import StreamWriter as Writer
from collections.abc import AsyncGenerator
from dataclasses import replace

import pytest

from gateway.upstreams.connection import HIGH_WATER
from shared.errors import BodyTooLarge
from tests.unit.gateway.upstreams.raw_upstream import GET, POST, active, ask, pool_for, read_head, until

HELLO = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


async def pieces(*data: bytes) -> AsyncGenerator[bytes, None]:
    for piece in data:
        yield piece


async def test_upload_is_streamed_chunked_when_its_length_is_unknown() -> None:
    received: list[bytes] = []

    async def talk(reader: Reader, writer: Writer) -> None:
        received.append(await read_head(reader) + await reader.readuntil(b"0\r\n\r\n"))
        writer.write(HELLO)
        await reader.read()

    async with pool_for(talk) as (pool, _):
        assert await ask(pool, replace(POST, body=pieces(b"ab", b"c"), length=None)) == (200, b"hello")
    assert received[0].endswith(b"\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n")


async def test_early_answer_to_an_unfinished_upload_arrives_and_ends_the_connection() -> None:
    async def talk(reader: Reader, writer: Writer) -> None:
        await read_head(reader)
        writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
        await reader.read()

    async def endless() -> AsyncGenerator[bytes, None]:
        yield b"x"
        await asyncio.Event().wait()

    async with pool_for(talk) as (pool, upstream):
        assert await ask(pool, replace(POST, body=endless(), length=1000)) == (413, b"")
        await asyncio.wait_for(upstream.ended.acquire(), 2)
        assert not pool._instances[0]._idle


async def test_failing_upload_drops_the_connection_and_tells_its_caller() -> None:
    async def talk(reader: Reader, writer: Writer) -> None:
        await reader.read()

    async def too_large() -> AsyncGenerator[bytes, None]:
        yield b"x"
        raise BodyTooLarge

    async with pool_for(talk) as (pool, upstream):
        with pytest.raises(BodyTooLarge):
            await ask(pool, replace(POST, body=too_large(), length=None))
        await asyncio.wait_for(upstream.ended.acquire(), 2)


async def test_slow_client_is_not_the_upstreams_time_out() -> None:
    go_on = asyncio.Event()

    async def slow() -> AsyncGenerator[bytes, None]:
        yield b"a"
        await go_on.wait()
        yield b"b"

    async def talk(reader: Reader, writer: Writer) -> None:
        await read_head(reader)
        await reader.readexactly(2)
        writer.write(HELLO)

    async with pool_for(talk) as (pool, _):
        task = asyncio.create_task(ask(pool, replace(POST, body=slow(), length=2, silence=0.01)))
        await asyncio.sleep(0.6)  # two sweeps, which must find nothing to end
        go_on.set()
        assert await task == (200, b"hello")


async def test_slow_reader_holds_the_upstream_back() -> None:
    written = 0

    async def talk(reader: Reader, writer: Writer) -> None:
        nonlocal written
        await read_head(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 64000000\r\n\r\n")
        for _ in range(1000):
            writer.write(b"x" * 64_000)
            await writer.drain()
            written += 64_000

    async with pool_for(talk) as (pool, _):
        exchange = await pool.exchange(GET)
        connection = next(iter(active(pool)))
        await until(lambda: connection._reading_paused)
        assert connection.answer.buffered < 2 * HIGH_WATER
        total = 0
        while data := await exchange.read():
            total += len(data)
        await exchange.end()
        assert total == 64_000_000


async def test_upstream_that_does_not_read_holds_the_upload_back() -> None:
    sent = 0
    read_on = asyncio.Event()

    async def body() -> AsyncGenerator[bytes, None]:
        nonlocal sent
        for _ in range(500):
            sent += 64_000
            yield b"x" * 64_000

    async def talk(reader: Reader, writer: Writer) -> None:
        await read_head(reader)
        await read_on.wait()
        await reader.readexactly(32_000_000)
        writer.write(HELLO)

    async with pool_for(talk) as (pool, _):
        task = asyncio.create_task(ask(pool, replace(POST, body=body(), length=32_000_000)))
        await until(lambda: any(connection.writing_paused for connection in active(pool)))
        assert sent < 16_000_000
        read_on.set()
        assert await task == (200, b"hello")


async def test_exchange_whose_end_is_cancelled_holds_no_place_in_the_pool() -> None:
    """A client that leaves cancels its request, and a stop cancels it again."""
    may_end = asyncio.Event()

    async def slow_to_end() -> AsyncGenerator[bytes, None]:
        try:
            yield b"a"
            await asyncio.Event().wait()
        finally:
            await may_end.wait()

    async def answer_early(reader: Reader, writer: Writer) -> None:
        await reader.readuntil(b"\r\n\r\na")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        await reader.read()

    async with pool_for(answer_early) as (pool, _):
        exchange = await pool.exchange(replace(POST, body=slow_to_end(), length=2))
        ending = asyncio.create_task(exchange.end())
        await asyncio.sleep(0)
        ending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await ending
        assert not active(pool)
        may_end.set()
