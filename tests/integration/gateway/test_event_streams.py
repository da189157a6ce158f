"""Server-Sent Events through the gateway: at once, for as long as it takes, and no longer than their session."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

import aiohttp
from aiohttp import web

from tests.integration.gateway.running_gateway import RunningGateway
from tests.waiting import eventually

Tell = Callable[[web.StreamResponse], Awaitable[None]]


def serve(gateway: RunningGateway, tell: Tell) -> asyncio.Event:
    """Let the service answer with events; what is returned is set when it has stopped."""
    ended = asyncio.Event()

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8"})
        await response.prepare(request)
        try:
            await tell(response)
        finally:
            ended.set()
        return response

    gateway.echo.answer = answer
    return ended


async def tell_one(response: web.StreamResponse) -> None:
    """One event, and then nothing for as long as anybody listens."""
    await response.write(b"data: first\n\n")
    await asyncio.Event().wait()


async def test_event_arrives_while_the_next_is_not_even_made(gateway: RunningGateway) -> None:
    said = asyncio.Event()

    async def tell(response: web.StreamResponse) -> None:
        await response.write(b"data: first\n\n")
        await said.wait()
        await response.write(b"data: second\n\n")

    serve(gateway, tell)
    async with asyncio.timeout(5), gateway.client.get(f"{gateway.url}/open") as answer:
        assert "Content-Length" not in answer.headers
        assert await answer.content.readany() == b"data: first\n\n"
        said.set()
        assert await answer.content.read() == b"data: second\n\n"


async def test_stream_outlasts_its_routes_time_for_an_answer(gateway: RunningGateway) -> None:
    """`hasty` gives an answer 0.3 seconds, and a stream 30 between two bytes."""
    loop = asyncio.get_running_loop()

    async def tell(response: web.StreamResponse) -> None:
        end = loop.time() + 1
        while loop.time() < end:
            await response.write(b": tick\n\n")
            await asyncio.sleep(0.05)  # the ticks of a service, not a wait for something
        await response.write(b"data: last\n\n")

    serve(gateway, tell)
    async with asyncio.timeout(5), gateway.client.get(f"{gateway.url}/hasty") as answer:
        assert (await answer.content.read()).endswith(b"data: last\n\n")


async def test_silent_stream_is_ended(gateway: RunningGateway) -> None:
    ended = serve(gateway, tell_one)
    async with asyncio.timeout(5), gateway.client.get(f"{gateway.url}/quiet") as answer:
        assert await answer.content.read() == b"data: first\n\n"
    await ended.wait()


async def test_end_of_the_session_ends_its_events_within_a_second(gateway: RunningGateway) -> None:
    """A5, A6: a clean end, so that the client comes back, and is told 401."""
    ended = serve(gateway, tell_one)
    async with gateway.client.get(f"{gateway.url}/mine", headers=gateway.bearer()) as answer:
        assert await answer.content.readany() == b"data: first\n\n"
        gateway.feed.revoke(UUID(gateway.issuer.session_id))
        async with asyncio.timeout(1):
            assert await answer.content.read() == b""
            await ended.wait()
    async with gateway.client.get(f"{gateway.url}/mine", headers=gateway.bearer()) as answer:
        assert answer.status == 401


async def test_stopping_ends_all_events(gateway: RunningGateway) -> None:
    """R2"""
    ended = serve(gateway, tell_one)
    async with asyncio.timeout(5), gateway.client.get(f"{gateway.url}/open") as answer:
        await answer.content.readany()
        gateway.lifecycle.begin_stop()
        assert await answer.content.read() == b""
        await ended.wait()


async def test_client_that_leaves_ends_the_services_work(gateway: RunningGateway) -> None:
    ended = serve(gateway, tell_one)
    async with gateway.client.get(f"{gateway.url}/open") as answer:
        await answer.content.readany()
        answer.close()
    async with asyncio.timeout(5):
        await ended.wait()
    await eventually(gateway.has_no_client)


async def test_stream_that_breaks_off_breaks_off_for_the_client(gateway: RunningGateway) -> None:
    async def tell(response: web.StreamResponse) -> None:
        await response.write(b"data: first\n\n")
        transport = gateway.echo.seen[-1].transport
        assert transport is not None
        transport.abort()

    serve(gateway, tell)
    async with gateway.client.get(f"{gateway.url}/open") as answer:
        try:
            await answer.content.read()
        except aiohttp.ClientPayloadError:
            return
    raise AssertionError("a broken stream must not look whole")


async def test_client_that_reads_no_events_is_cut_off_too(gateway: RunningGateway) -> None:
    """A6: it can't even be told of the end."""

    async def pour(response: web.StreamResponse) -> None:
        while True:
            await response.write(b"data: " + b"x" * 100_000 + b"\n\n")

    ended = serve(gateway, pour)
    async with gateway.connection() as (reader, writer):
        token = gateway.bearer()["Authorization"]
        writer.write(f"GET /mine HTTP/1.1\r\nHost: h\r\nAuthorization: {token}\r\n\r\n".encode())
        await reader.readuntil(b"\r\n\r\n")
        gateway.feed.revoke(UUID(gateway.issuer.session_id))
        async with asyncio.timeout(3):
            await ended.wait()
            await eventually(gateway.has_no_client)


async def test_connection_outlives_the_events_that_their_service_has_ended(gateway: RunningGateway) -> None:
    """The head says nothing of an end of the connection: who sends the next request there must not lose it."""
    seen = asyncio.Semaphore(0)

    async def tell(response: web.StreamResponse) -> None:
        await response.write(b"data: all\n\n")
        await seen.acquire()

    serve(gateway, tell)
    async with gateway.connection() as (reader, writer):
        for _ in range(2):
            writer.write(b"GET /open HTTP/1.1\r\nHost: h\r\n\r\n")
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200")
            assert b"Connection: close" not in head
            await reader.readuntil(b"data: all\n\n\r\n")
            seen.release()
            assert await reader.readuntil(b"\r\n\r\n") == b"0\r\n\r\n"
