import asyncio
from asyncio import StreamReader as Reader
from asyncio import StreamWriter as Writer
from collections.abc import AsyncGenerator
from dataclasses import replace

import pytest

from gateway.errors import BadGateway, RequestTimeout, UpstreamTimeout, UpstreamUnavailable
from gateway.upstreams.connection import HIGH_WATER
from gateway.upstreams.instance import PoolLimits
from gateway.upstreams.pools import open_pools
from shared.errors import AppError
from tests.unit.gateway.upstreams.raw_upstream import GET, LIMITS, POST, active, ask, pool_for, read_head, until

HELLO = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


def proxy_status(error: AppError) -> str:
    return error.headers["Proxy-Status"].rpartition("=")[2]


async def greet(reader: Reader, writer: Writer) -> None:
    while True:
        await read_head(reader)
        writer.write(HELLO)


async def test_connection_is_used_again() -> None:
    async with pool_for(greet) as (pool, upstream):
        for _ in range(3):
            assert await ask(pool) == (200, b"hello")
        assert upstream.accepted == 1


async def test_request_is_sent_as_written() -> None:
    heads: list[bytes] = []

    async def talk(reader: Reader, writer: Writer) -> None:
        heads.append(await read_head(reader) + await reader.readexactly(2))
        writer.write(HELLO)

    async with pool_for(talk) as (pool, _):
        await ask(pool, POST)
    head, _, rest = heads[0].partition(b"X-Request-Timeout-Ms: ")
    milliseconds, _, rest = rest.partition(b"\r\n")
    assert (head, rest) == (b"POST /x?y=1 HTTP/1.1\r\nHost: h\r\n", b"Content-Length: 2\r\n\r\n{}")
    assert 4000 < int(milliseconds) <= 5000


async def test_line_break_in_a_header_is_never_sent() -> None:
    async with pool_for(greet) as (pool, _):
        with pytest.raises(ValueError, match="line break"):
            await ask(pool, replace(GET, headers=[(b"X", b"a\r\nX-Identity: b")]))


async def test_connection_whose_answer_nobody_read_is_not_used_again() -> None:
    """What is left of a large answer would keep the connection from reading, and the next request waiting."""
    nearly_all_is_here = asyncio.Event()

    async def talk(reader: Reader, writer: Writer) -> None:
        await read_head(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (HIGH_WATER + 1) + bytes(HIGH_WATER))
        await nearly_all_is_here.wait()
        writer.write(b"x")
        await reader.read()

    async with pool_for(talk) as (pool, upstream):
        exchange = await pool.exchange(GET)
        await until(lambda: exchange.connection.answer.buffered == HIGH_WATER)
        nearly_all_is_here.set()
        await until(lambda: exchange.is_complete)
        await exchange.end()
        status, body = await ask(pool, replace(GET, silence=1.0))
        assert (status, len(body), upstream.accepted) == (200, HIGH_WATER + 1, 2)


async def test_connection_that_said_close_is_not_used_again() -> None:
    async def talk(reader: Reader, writer: Writer) -> None:
        await read_head(reader)
        writer.write(HELLO.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        await reader.read()

    async with pool_for(talk) as (pool, upstream):
        await ask(pool)
        await upstream.ended.acquire()
        await ask(pool)
        assert upstream.accepted == 2


async def test_get_is_repeated_on_a_connection_that_died_while_idle() -> None:
    async def talk(reader: Reader, writer: Writer) -> None:
        await read_head(reader)
        writer.write(HELLO)
        await read_head(reader)  # takes the second request, and dies without a byte of an answer

    async with pool_for(talk) as (pool, upstream):
        await ask(pool)
        assert await ask(pool) == (200, b"hello")
        assert upstream.accepted == 2


async def test_post_is_never_repeated() -> None:
    """G28: the upstream dies after a POST was sent."""
    received: list[bytes] = []

    async def talk(reader: Reader, writer: Writer) -> None:
        while True:
            head = await read_head(reader)
            received.append(head)
            if head.startswith(b"POST"):
                return
            writer.write(HELLO)

    async with pool_for(talk) as (pool, upstream):
        await ask(pool)
        with pytest.raises(BadGateway) as caught:
            await ask(pool, POST)
        assert proxy_status(caught.value) == "connection_terminated"
        assert (upstream.accepted, len(received)) == (1, 2)


async def test_get_is_not_repeated_once_an_answer_has_begun() -> None:
    async def talk(reader: Reader, writer: Writer) -> None:
        await read_head(reader)
        writer.write(HELLO)
        await read_head(reader)
        writer.write(b"HTTP/1.1 200")

    async with pool_for(talk) as (pool, upstream):
        await ask(pool)
        with pytest.raises(BadGateway):
            await ask(pool)
        assert upstream.accepted == 1


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", id="bad length"),
        pytest.param(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100_000, id="endless headers"),
        pytest.param(HELLO + HELLO, id="two replies"),
        pytest.param(b"SSH-2.0-OpenSSH\r\n", id="another protocol"),
    ],
)
async def test_broken_answer_is_a_bad_gateway_and_drops_the_connection(answer: bytes) -> None:
    """G30: a bad Content-Length, endless headers, two replies."""

    async def talk(reader: Reader, writer: Writer) -> None:
        await read_head(reader)
        writer.write(answer)
        await reader.read()  # until the gateway drops the connection

    async with pool_for(talk) as (pool, upstream):
        with pytest.raises(BadGateway):
            await ask(pool)
        await asyncio.wait_for(upstream.ended.acquire(), 2)


async def test_reply_that_nobody_asked_for_reaches_nobody() -> None:
    """G30: surplus bytes that come after the answer was complete."""
    surplus_sent = asyncio.Event()

    async def talk(reader: Reader, writer: Writer) -> None:
        await read_head(reader)
        writer.write(HELLO)
        await writer.drain()
        await surplus_sent.wait()
        writer.write(HELLO.replace(b"hello", b"other"))
        await reader.read()

    async with pool_for(talk) as (pool, upstream):
        assert await ask(pool) == (200, b"hello")
        surplus_sent.set()
        await asyncio.wait_for(upstream.ended.acquire(), 2)
        surplus_sent.clear()
        assert await ask(pool) == (200, b"hello")
        assert upstream.accepted == 2


async def test_answer_cut_short_is_an_error_to_its_reader() -> None:
    async def talk(reader: Reader, writer: Writer) -> None:
        await read_head(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello")

    async with pool_for(talk) as (pool, _):
        with pytest.raises(BadGateway) as caught:
            await ask(pool)
        assert proxy_status(caught.value) == "http_response_incomplete"


async def test_nobody_listening_is_unavailable_and_says_when_to_come_back() -> None:
    async with pool_for(greet) as (_, upstream):
        port = upstream.port
    async with open_pools(LIMITS) as pools:
        pool = pools.change({"it": f"http://127.0.0.1:{port}"})["it"]
        with pytest.raises(UpstreamUnavailable) as caught:
            await ask(pool, POST)
    assert caught.value.headers == {"Proxy-Status": "colonnade; error=connection_refused", "Retry-After": "1"}


async def test_connections_are_bounded() -> None:
    async def silent(reader: Reader, writer: Writer) -> None:
        await reader.read()

    async with pool_for(silent, PoolLimits(connections=1)) as (pool, _):
        first = asyncio.create_task(ask(pool))
        await until(lambda: active(pool))
        with pytest.raises(UpstreamUnavailable):
            await ask(pool)
        first.cancel()


async def test_silent_upstream_times_out_and_loses_its_connection() -> None:
    async def silent(reader: Reader, writer: Writer) -> None:
        await reader.read()

    async with pool_for(silent) as (pool, upstream):
        with pytest.raises(UpstreamTimeout):
            await ask(pool, replace(GET, timeout=0.1))
        await asyncio.wait_for(upstream.ended.acquire(), 2)


async def test_body_that_stalls_times_out_but_one_that_moves_does_not() -> None:
    async def talk(reader: Reader, writer: Writer) -> None:
        await read_head(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
        for _ in range(6):
            await asyncio.sleep(0.1)  # the pace is what is tested
            writer.write(b"x")
        await reader.read()

    async with pool_for(talk) as (pool, _):
        exchange = await pool.exchange(replace(GET, silence=0.4))
        received = b""
        with pytest.raises(UpstreamTimeout):  # noqa: PT012  what came before the time-out is tested too
            while data := await exchange.read():
                received += data
        await exchange.end()
        assert received == b"x" * 6


async def test_exchange_that_never_ends_is_ended() -> None:
    async def talk(reader: Reader, writer: Writer) -> None:
        await read_head(reader)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x")
            await asyncio.sleep(0.01)  # never silent

    async with pool_for(talk) as (pool, _):
        with pytest.raises(UpstreamTimeout):
            await ask(pool, replace(GET, timeout=0.1))


async def test_upload_that_never_ends_is_the_clients_time_out() -> None:
    async def talk(reader: Reader, writer: Writer) -> None:
        await reader.read()

    async def stalled() -> AsyncGenerator[bytes, None]:
        yield b"a"
        await asyncio.Event().wait()

    async with pool_for(talk) as (pool, _):
        with pytest.raises(RequestTimeout):
            await ask(pool, replace(POST, body=stalled(), length=2, timeout=0.1))


async def test_idle_connection_is_closed_before_the_upstream_does_it() -> None:
    async with pool_for(greet, PoolLimits(idle=0.01)) as (pool, upstream):
        await ask(pool)
        await asyncio.wait_for(upstream.ended.acquire(), 2)


async def test_cancelled_caller_closes_the_connection() -> None:
    arrived = asyncio.Event()

    async def silent(reader: Reader, writer: Writer) -> None:
        arrived.set()
        await reader.read()

    async with pool_for(silent) as (pool, upstream):
        task = asyncio.create_task(ask(pool))
        await arrived.wait()
        task.cancel()
        await asyncio.wait_for(upstream.ended.acquire(), 2)
