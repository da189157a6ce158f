"""Requests sent without waiting for answers: all are answered, in order, however many they are."""

import asyncio
from collections.abc import Sequence

import pytest
from aiohttp import web

from tests.integration.gateway.running_gateway import RunningGateway

MANY = 10_000
CLOSE = b"GET /open/last HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"


def get(name: object) -> bytes:
    return f"GET /open/{name} HTTP/1.1\r\nHost: h\r\n\r\n".encode()


async def say_target(request: web.BaseRequest) -> web.Response:
    await request.read()
    return web.Response(text=f"<{request.raw_path}>")


def told(answers: bytes) -> list[str]:
    return [part.partition(b">")[0].decode() for part in answers.split(b"</open/")[1:]]


async def test_ten_thousand_requests_are_answered_in_order_and_few_at_a_time(gateway: RunningGateway) -> None:
    """G15: they wait in the client's hands, as the gateway reads on only when it has answered."""
    most_waiting = 0

    async def answer(request: web.BaseRequest) -> web.Response:
        nonlocal most_waiting
        (connection,) = gateway.server.connections
        most_waiting = max(most_waiting, len(connection._messages))
        return await say_target(request)

    gateway.echo.answer = answer
    async with asyncio.timeout(120):
        reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
        writer.write(b"".join(map(get, range(MANY - 1))) + CLOSE)
        answers = await reader.read()
        writer.close()
    assert told(answers) == [str(number) for number in range(MANY - 1)] + ["last"]
    assert most_waiting <= 64


async def send_apart(gateway: RunningGateway, pieces: Sequence[bytes]) -> bytes:
    """Send the pieces one by one, each when the service has been asked for what the last one completed, or its head."""
    async with gateway.connection() as (reader, writer):
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.05)  # the pieces of a slow client; what is waited for is the answers
        return await reader.read()


@pytest.mark.parametrize("uploads", [1, 5, 20])
async def test_bodies_that_came_after_their_heads_hold_nothing_up(gateway: RunningGateway, uploads: int) -> None:
    """aiohttp 3.14 counts such a request as one that still waits, and stops reading what is pipelined after it."""
    gateway.echo.answer = say_target
    post = b"POST /open/post HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\n"
    pipelined = b"".join(map(get, range(40))) + CLOSE
    answers = await send_apart(gateway, [*([post, b"body"] * uploads), pipelined])
    assert told(answers) == ["post"] * uploads + [str(number) for number in range(40)] + ["last"]


@pytest.mark.parametrize("uploads", [1, 20])
async def test_nor_do_they_where_every_request_after_them_is_plain(gateway: RunningGateway, uploads: int) -> None:
    """The fast lane answers all that is pipelined: signed-in GETs, more than the parser lets wait."""
    gateway.echo.answer = say_target
    post = b"POST /open/post HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\n"
    async with gateway.connection() as (reader, writer):
        for _ in range(uploads):
            for piece in (post, b"body"):
                writer.write(piece)
                await asyncio.sleep(0.05)  # as above
        writer.write(b"".join(map(get, range(40))))
        answers = b""
        while len(told(answers)) < uploads + 40 or not answers.endswith(b">"):
            answers += await reader.read(65_536)
    assert told(answers) == ["post"] * uploads + [str(number) for number in range(40)]
