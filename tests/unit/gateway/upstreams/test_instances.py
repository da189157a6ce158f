"""An upstream of several instances: who gets a request, and what becomes of it when an instance fails."""

import asyncio
import socket
from asyncio import StreamReader, StreamWriter
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import pytest

from gateway.errors import BadGateway, UpstreamUnavailable
from gateway.upstreams.connection import Connection
from gateway.upstreams.health import FAILURES
from gateway.upstreams.instance import PoolLimits
from gateway.upstreams.retries import BURST
from shared.errors import AppError
from tests.unit.gateway.upstreams.instances import answering, dying, pool_of, refusing
from tests.unit.gateway.upstreams.raw_upstream import GET, POST, Upstream, ask, read_head, until
from tests.waiting import eventually


async def test_requests_go_where_the_fewest_are_in_flight() -> None:
    async with pool_of(answering(b"a"), answering(b"b"), answering(b"c")) as (pool, _):
        held = [await pool.exchange(GET) for _ in range(9)]
        assert Counter([await each.read() for each in held]) == {b"a": 3, b"b": 3, b"c": 3}
        for each in held:
            await each.end()
        assert pool.in_flight == 0


async def test_equals_are_chosen_by_lot() -> None:
    async with pool_of(answering(b"a"), answering(b"b")) as (pool, _):
        assert {(await ask(pool))[1] for _ in range(50)} == {b"a", b"b"}


async def test_post_that_found_no_connection_goes_to_another_instance() -> None:
    """Nothing of it was sent, so nothing can happen twice."""
    async with refusing() as port, pool_of(answering(b"a"), also=[port]) as (pool, _):
        for _ in range(50):
            assert await ask(pool, POST) == (200, b"a")


async def test_get_is_repeated_on_another_instance() -> None:
    async with pool_of(answering(b"a"), dying) as (pool, _):
        assert {await ask(pool) for _ in range(40)} == {(200, b"a")}


async def test_post_is_not_repeated_on_another_instance() -> None:
    """G28"""
    async with pool_of(answering(b"a"), dying) as (pool, upstreams):
        with pytest.raises(BadGateway):  # noqa: PT012  by lot it takes a few until it hits the one that dies
            for _ in range(40):
                await ask(pool, POST)
        assert upstreams[1].accepted == 1


async def test_body_in_answer_to_head_costs_its_connection_and_nobody_else() -> None:
    """R10: many servers send one with what they refuse, so anybody could have put an instance out by it."""
    async with pool_of(answering(b"no such thing", b"404 Not Found")) as (pool, (upstream,)):
        for _ in range(FAILURES + 1):
            assert await ask(pool, replace(GET, method="HEAD")) == (404, b"")
        assert await ask(pool) == (404, b"no such thing")
        assert upstream.accepted == FAILURES + 2


async def test_repetitions_stay_below_a_tenth_of_the_requests() -> None:
    """R10: no storm."""
    requests = 300
    asked: list[bytes] = []

    async def moody(reader: StreamReader, writer: StreamWriter) -> None:
        """Die on every third request, so that nobody is put out."""
        while True:
            asked.append(await read_head(reader))
            if len(asked) % 3 == 0:
                return
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    async with pool_of(moody, moody) as (pool, _):
        for _ in range(requests):
            with suppress(AppError):
                await ask(pool)
    assert len(asked) > requests, "some were repeated"
    assert len(asked) - requests <= requests / 10 + BURST


async def test_instance_that_fails_is_put_out_and_comes_back_by_one_probe() -> None:
    """G31"""
    broken = True
    served = 0

    async def sick(reader: StreamReader, writer: StreamWriter) -> None:
        nonlocal served
        while True:
            await read_head(reader)
            served += 1
            status = b"502 Bad Gateway" if broken else b"200 OK"
            writer.write(b"HTTP/1.1 %b\r\nContent-Length: 1\r\n\r\nb" % status)

    async with pool_of(answering(b"a"), sick) as (pool, _):
        async with asyncio.timeout(5):
            while served < FAILURES:
                await ask(pool)
        for _ in range(20):
            assert (await ask(pool))[1] == b"a"
        assert served == FAILURES
        broken = False

        async def is_back() -> bool:
            return await ask(pool) == (200, b"b")

        await eventually(is_back)


async def test_when_all_are_out_the_answer_comes_at_once() -> None:
    """G31: 503 + Retry-After, and nothing hangs or reaches the instance."""
    async with pool_of(dying) as (pool, upstreams):
        for _ in range(FAILURES):
            with pytest.raises(BadGateway):
                await ask(pool, POST)
        with pytest.raises(UpstreamUnavailable) as caught:
            await asyncio.wait_for(ask(pool, POST), 0.2)
        assert caught.value.headers == {"Proxy-Status": "colonnade; error=destination_unavailable", "Retry-After": "1"}
        assert upstreams[0].accepted == FAILURES


async def test_unavailable_that_says_when_to_come_back_is_the_services_own_word() -> None:
    overloaded = answering(b"", b"503 Service Unavailable", b"Retry-After: 1")
    async with pool_of(overloaded) as (pool, _):
        for _ in range(3 * FAILURES):
            assert (await ask(pool))[0] == 503


async def test_instance_that_says_close_gets_nothing_more_while_there_is_another() -> None:
    """R1"""
    async with pool_of(answering(b"a"), answering(b"b", b"200 OK", b"Connection: close")) as (pool, _):
        answers = [(await ask(pool, POST))[1] for _ in range(60)]
        assert answers.count(b"b") == 1


async def test_instance_that_says_close_is_used_while_there_is_no_other() -> None:
    async with pool_of(answering(b"b", b"200 OK", b"Connection: close")) as (pool, _):
        assert {(await ask(pool, POST))[1] for _ in range(10)} == {b"b"}


async def test_post_never_takes_a_connection_that_lay_idle() -> None:
    """R1: its instance may have begun to stop meanwhile, and close it under the request."""
    async with pool_of(answering(b"a"), limits=PoolLimits(fresh=0.0)) as (pool, upstreams):
        await ask(pool, GET)
        await ask(pool, GET)
        assert upstreams[0].accepted == 1
        await ask(pool, POST)
        assert upstreams[0].accepted == 2


async def test_who_comes_first_is_served_first() -> None:
    order: list[int] = []

    async with pool_of(answering(b"a"), limits=PoolLimits(connections=1, queue_seconds=5.0)) as (pool, _):
        first = await pool.exchange(GET)

        async def wait(number: int) -> None:
            await ask(pool, replace(GET, target=f"/{number}"))
            order.append(number)

        waiting = [asyncio.create_task(wait(number)) for number in range(10)]
        await until(lambda: len(pool._queue._waiting) == 10)
        waiting[3].cancel()
        await first.end()
        await ask(pool, POST)
        order.append(99)
        await asyncio.gather(*waiting, return_exceptions=True)
        assert order == [0, 1, 2, 4, 5, 6, 7, 8, 9, 99]
        assert pool.in_flight == 0


async def test_queue_is_bounded_in_length() -> None:
    async with pool_of(answering(b"a"), limits=PoolLimits(connections=1, queue=1, queue_seconds=5.0)) as (pool, _):
        held = await pool.exchange(GET)
        waiting = asyncio.create_task(ask(pool))
        await until(lambda: not pool._queue.is_empty)
        with pytest.raises(UpstreamUnavailable) as caught:
            await ask(pool)
        assert caught.value.headers["Proxy-Status"].endswith("connection_limit_reached")
        assert "Retry-After" in caught.value.headers
        await held.end()
        assert await waiting == (200, b"a")


async def test_place_handed_to_a_caller_who_leaves_is_given_on() -> None:
    async with pool_of(answering(b"a"), limits=PoolLimits(connections=1, queue_seconds=5.0)) as (pool, _):
        held = await pool.exchange(GET)
        waiting = asyncio.create_task(ask(pool))
        await until(lambda: not pool._queue.is_empty)
        await held.end()  # hands the place over, before the task runs again
        waiting.cancel()
        await asyncio.wait({waiting})
        assert pool.in_flight == 0
        assert await ask(pool) == (200, b"a")


async def test_lone_instance_that_was_down_serves_again_at_once() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: refuses connections
        async with pool_of(also=[taken.getsockname()[1]]) as (pool, _):
            for _ in range(3 * FAILURES):
                with pytest.raises(UpstreamUnavailable) as caught:
                    await ask(pool, POST)
                assert caught.value.headers["Proxy-Status"].endswith("connection_refused")
            upstream = Upstream(answering(b"a"))
            server = await asyncio.start_server(upstream.serve, sock=taken)
            assert await ask(pool, POST) == (200, b"a")
            server.close()
    for task in upstream.talks:
        task.cancel()
    await asyncio.gather(*upstream.talks, return_exceptions=True)


async def test_connection_that_is_lost_before_anything_was_sent_is_no_time_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """An instance that stops resets whom it hasn't accepted yet. Nobody would wake who then waits for an answer."""
    loop = asyncio.get_running_loop()
    connect = loop.create_connection

    async def connect_and_lose(factory: Callable[[], Connection], host: str, port: int) -> tuple[object, Connection]:
        transport, connection = await connect(factory, host, port)
        transport.abort()
        await until(lambda: connection._transport is None)
        return transport, connection

    async with pool_of(answering(b"a")) as (pool, _):
        monkeypatch.setattr(loop, "create_connection", connect_and_lose)
        async with asyncio.timeout(2):
            with pytest.raises(UpstreamUnavailable):
                await ask(pool, POST)
        monkeypatch.undo()
        assert await ask(pool, POST) == (200, b"a")
