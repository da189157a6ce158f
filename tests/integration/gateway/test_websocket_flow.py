"""WebSockets through the gateway: whoever is slow slows the other down, and what waits is bounded."""

import asyncio
import hashlib
import os
from collections.abc import Callable

import aiohttp
from aiohttp import web

from tests.integration.gateway.live_service import MEGABYTE, echo, handshake, serve, socket
from tests.integration.gateway.running_gateway import RunningGateway
from tests.waiting import eventually


async def test_slow_reader_stops_its_service(gateway: RunningGateway) -> None:
    """Back-pressure: what waits is bounded, and nothing is lost once it is read."""
    told = 0
    sent = hashlib.sha256()

    async def pour(socket: web.WebSocketResponse) -> None:
        nonlocal told
        for _ in range(64):
            message = os.urandom(MEGABYTE)
            await socket.send_bytes(message)
            sent.update(message)
            told += 1

    serve(gateway, pour, compress=False)
    async with gateway.connection() as (reader, writer):
        writer.write(handshake())
        await reader.readuntil(b"\r\n\r\n")
        assert await _comes_to_rest(lambda: told) < 40
        received = hashlib.sha256()
        for _ in range(64):
            assert await reader.readexactly(10) == b"\x82\x7f" + MEGABYTE.to_bytes(8, "big")
            received.update(await reader.readexactly(MEGABYTE))
    assert received.digest() == sent.digest()


async def test_slow_service_stops_its_client(gateway: RunningGateway) -> None:
    """Back-pressure, the other way."""
    may_read = asyncio.Event()

    async def wait(socket: web.WebSocketResponse) -> None:
        await may_read.wait()
        await echo(socket)

    serve(gateway, wait)
    told = 0

    async def pour(client: aiohttp.ClientWebSocketResponse) -> None:
        nonlocal told
        for number in range(64):
            await client.send_bytes(bytes([number]) * MEGABYTE)
            told += 1

    async with socket(gateway, compress=0) as client:
        pouring = asyncio.create_task(pour(client))
        assert await _comes_to_rest(lambda: told) < 40
        may_read.set()
        for number in range(64):
            assert (await client.receive_bytes())[:1] == bytes([number])
        await pouring


async def _comes_to_rest(count: Callable[[], int]) -> int:
    """Return the number once it has stopped growing."""
    last, seen = -1, 0

    async def rests() -> bool:
        nonlocal last, seen
        seen = seen + 1 if count() == last else 0
        last = count()
        return seen > 15

    await eventually(rests)
    return last
