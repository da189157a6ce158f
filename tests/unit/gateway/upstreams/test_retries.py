"""How often a request is sent again, and how long its answer's head is waited for, as its route says."""

import asyncio
from asyncio import StreamReader, StreamWriter
from dataclasses import replace

import pytest

from gateway.errors import BadGateway, UpstreamTimeout
from tests.unit.gateway.upstreams.instances import answering, dying, pool_of, refusing
from tests.unit.gateway.upstreams.raw_upstream import GET, POST, ask, pool_for, read_head, until


@pytest.mark.parametrize("retries", [0, 1, 2])
async def test_request_is_sent_again_as_often_as_it_may_be(retries: int) -> None:
    async with pool_of(dying, dying, dying, dying) as (pool, upstreams):
        with pytest.raises(BadGateway):
            await ask(pool, replace(GET, retries=retries))
        assert sum(upstream.accepted for upstream in upstreams) == 1 + retries


async def test_request_that_may_not_be_sent_again_never_takes_a_connection_that_lay_idle() -> None:
    """As it is for a POST: its instance may have begun to stop meanwhile, and close it under the request."""
    async with pool_for(answering(b"a")) as (pool, upstream):
        await ask(pool)
        (connection,) = pool._instances[0]._idle
        connection.idle_since -= 10
        await ask(pool, replace(GET, retries=0))
        assert upstream.accepted == 2


async def test_request_of_which_nothing_was_sent_still_finds_another_instance() -> None:
    async with refusing() as port, pool_of(answering(b"a"), also=[port]) as (pool, _):
        for request in (replace(GET, retries=0), replace(POST, retries=0)) * 20:
            assert await ask(pool, request) == (200, b"a")


async def test_head_that_does_not_come_in_its_time_is_given_up() -> None:
    async def silent(reader: StreamReader, _writer: StreamWriter) -> None:
        await reader.read()

    async with pool_for(silent) as (pool, _):
        async with asyncio.timeout(4):
            with pytest.raises(UpstreamTimeout):
                await ask(pool, replace(GET, head_timeout=0.1, retries=0, timeout=60.0))


async def test_time_for_the_head_does_not_bind_the_body() -> None:
    """G30: but the body has its own."""
    go_on = asyncio.Event()

    async def halting(reader: StreamReader, writer: StreamWriter) -> None:
        await read_head(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na")
        await go_on.wait()
        writer.write(b"b")

    async with pool_for(halting) as (pool, _):
        exchange = await pool.exchange(replace(GET, head_timeout=0.1))
        connection = exchange.connection
        assert await exchange.read() == b"a"
        rest = asyncio.create_task(exchange.read())
        await asyncio.sleep(0)
        left = connection._silent_until - asyncio.get_running_loop().time()
        assert left > 50
        go_on.set()
        assert await rest == b"b"
        await exchange.end()


async def test_short_answer_that_nobody_waits_for_has_its_time_for_the_body_too() -> None:
    """As the fast lane asks: it is called back once all is here."""
    go_on, ready = asyncio.Event(), asyncio.Event()

    async def halting(reader: StreamReader, writer: StreamWriter) -> None:
        await read_head(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1")
        await read_head(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na")
        await go_on.wait()
        writer.write(b"b")

    async with pool_for(halting) as (pool, _):
        await ask(pool)
        request = replace(GET, head_timeout=0.1)
        started = pool.start(request, request.head(1.0), ready.set)
        assert started is not None
        connection = started.exchange.connection
        await until(lambda: connection.answer.buffered)
        assert connection._silent_until - asyncio.get_running_loop().time() > 50
        go_on.set()
        await asyncio.wait_for(ready.wait(), 5)
        assert started.outcome() is None
        assert started.exchange.take() == b"ab"
        await started.exchange.end()
