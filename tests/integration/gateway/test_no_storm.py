"""A service in trouble isn't given more to do than its clients ask for."""

import asyncio
import socket
import struct
from asyncio import StreamReader, StreamWriter
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from gateway.upstreams.retries import BURST, RATIO
from tests.integration.gateway.conftest import ready
from tests.integration.gateway.raw_service import raw_server
from tests.integration.gateway.running_gateway import TABLE, RunningGateway, route, run_gateway

REQUESTS, AT_A_TIME = 200, 20
LATENCY = 0.2  # seconds
HELLO = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
RESET_AT_CLOSE = struct.pack("ii", 1, 0)

Fail = Callable[[StreamReader, StreamWriter], Awaitable[None]]


async def reset(_reader: StreamReader, writer: StreamWriter) -> None:
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_AT_CLOSE)
    writer.transport.abort()


async def fall_silent(reader: StreamReader, _writer: StreamWriter) -> None:
    """As a half-open connection does, whose other end is gone without a word."""
    await reader.read()


class Troubled:
    """Takes its time, and fails every fifth request: too seldom for five in a row, which would put it out."""

    def __init__(self, fail: Fail | None) -> None:
        self.asked = 0
        self._fail = fail

    async def talk(self, reader: StreamReader, writer: StreamWriter) -> None:
        while True:
            await reader.readuntil(b"\r\n\r\n")
            self.asked += 1
            fail = self._fail if self.asked % 5 == 0 else None
            await asyncio.sleep(LATENCY)  # it is what is tested
            if fail is not None:
                return await fail(reader, writer)
            writer.write(HELLO)


async def ask_often(gateway: RunningGateway, path: str) -> Counter[int]:
    places = asyncio.Semaphore(AT_A_TIME)

    async def ask() -> int:
        async with places, gateway.client.get(gateway.url + path) as answer:
            await answer.read()
            return answer.status

    return Counter(await asyncio.gather(*(ask() for _ in range(REQUESTS))))


@pytest.mark.parametrize(
    ("fail", "path", "failure"),
    [pytest.param(reset, "/open", 502, id="resets"), pytest.param(fall_silent, "/patient", 504, id="half-open")],
)
async def test_troubled_service_is_asked_a_tenth_more_at_most(
    fail: Fail, path: str, failure: int, tmp_path: Path, valkey_url: str
) -> None:
    """R10: latency of 200 ms, and resets or half-open connections: at most one repetition to ten requests, no storm."""
    (tmp_path / "own.toml").write_text(TABLE + route("patient", timeout=1))
    services = Troubled(fail), Troubled(fail)
    async with (
        raw_server(services[0].talk) as one,
        raw_server(services[1].talk) as two,
        run_gateway(tmp_path, valkey_url, USER_URL=f"{one},{two}", ROUTES_FILE=str(tmp_path / "own.toml")) as gateway,
    ):
        await ready(gateway)
        statuses = await ask_often(gateway, path)
    assert set(statuses) == {200, failure}, "more failed than could be repeated, and nobody was put out"
    assert sum(each.asked for each in services) <= REQUESTS * (1 + RATIO) + BURST


async def test_latency_alone_repeats_nothing(tmp_path: Path, valkey_url: str) -> None:
    """R10"""
    service = Troubled(None)
    async with raw_server(service.talk) as url, run_gateway(tmp_path, valkey_url, USER_URL=url) as gateway:
        await ready(gateway)
        assert await ask_often(gateway, "/open") == {200: REQUESTS}
    assert service.asked == REQUESTS
