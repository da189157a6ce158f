"""Long bodies that the kernel passes on: what ends them, and what comes behind them on the same connections."""

import asyncio
import hashlib
import os
import sys
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web

from gateway.downstream.server import LINGER
from gateway.kernel_relay import WORTHWHILE
from tests.integration.gateway.conftest import gateway_before, ready
from tests.integration.gateway.running_gateway import Echo, RunningGateway, echo_service, run_gateway
from tests.waiting import eventually

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux alone has splice")

MEGABYTE = 1024 * 1024
BODY = os.urandom(MEGABYTE) * 8
HEAD = b"PUT /big HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n"
NEXT = b"GET /open/next HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
LONG = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(BODY)


@pytest.fixture(params=["port", "socket"])
def socket(request: pytest.FixtureRequest, tmp_path: Path) -> Path | None:
    """Where the service is, unless at a port."""
    return tmp_path / "service.sock" if request.param == "socket" else None


@pytest.fixture
async def gateway(tmp_path: Path, valkey_url: str, socket: Path | None) -> AsyncIterator[RunningGateway]:
    echo = Echo()
    async with echo_service(echo, socket) as url, run_gateway(tmp_path, valkey_url, USER_URL=url) as running:
        await ready(running)
        yield replace(running, echo=echo)


@pytest.fixture
def moved(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many bytes each splice has moved."""
    sizes: list[int] = []
    splice = os.splice

    def counting(source: int, target: int, most: int, flags: int) -> int:
        sizes.append(splice(source, target, most, flags=flags))
        return sizes[-1]

    monkeypatch.setattr("gateway.kernel_relay.os.splice", counting)
    return sizes


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).hexdigest().encode()


def descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


@pytest.mark.parametrize("length", [WORTHWHILE - 1, WORTHWHILE, WORTHWHILE + 1, len(BODY)])
async def test_request_behind_a_long_upload_is_answered(gateway: RunningGateway, length: int) -> None:
    """Not a byte of the body is taken for a request, or of the request for the body."""
    answers = await gateway.raw(HEAD % length + BODY[:length] + NEXT)
    assert answers.count(b"HTTP/1.1 200 OK") == 2
    assert sha256(BODY[:length]) in answers
    assert [request.method for request in gateway.echo.seen] == ["PUT", "GET"]


async def test_long_upload_passes_the_gateway_by(gateway: RunningGateway, moved: list[int]) -> None:
    async with gateway.connection() as (reader, writer):
        for _ in range(2):
            writer.write(HEAD % len(BODY))
            await eventually(gateway.service_is_asked)
            writer.write(BODY)
            assert sha256(BODY) in await reader.readuntil(b"}")
    assert sum(moved) > 2 * len(BODY)  # into the pipe and out of it, twice; the first bytes go by hand
    assert len({request.transport for request in gateway.echo.seen}) == 1


async def test_long_download_passes_the_gateway_by(gateway: RunningGateway, moved: list[int]) -> None:
    async def give(_request: web.BaseRequest) -> web.Response:
        return web.Response(body=BODY)

    gateway.echo.answer = give
    for _ in range(2):
        async with gateway.client.get(f"{gateway.url}/big") as answer:
            assert await answer.read() == BODY
    assert sum(moved) > 2 * len(BODY)
    async with gateway.client.head(f"{gateway.url}/big") as answer:
        assert answer.content_length == len(BODY)


async def test_long_download_that_breaks_off_breaks_off_for_its_client(
    tmp_path: Path, valkey_url: str, socket: Path | None, moved: list[int]
) -> None:
    async def break_off(reader: StreamReader, writer: StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(LONG + BODY[:-1])
        await writer.drain()

    async with (
        gateway_before(break_off, tmp_path, valkey_url, socket) as gateway,
        gateway.connection() as (reader, writer),
    ):
        writer.write(b"GET /big HTTP/1.1\r\nHost: h\r\n\r\n")
        await reader.readuntil(b"\r\n\r\n")
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            await reader.readexactly(len(BODY))
    assert moved


async def test_bytes_behind_a_long_answer_are_nobodys(tmp_path: Path, valkey_url: str, socket: Path | None) -> None:
    """A connection on which more came than was asked for is used for nobody else."""
    connections = []

    async def say_too_much(reader: StreamReader, writer: StreamWriter) -> None:
        connections.append(writer)
        while await reader.readuntil(b"\r\n\r\n"):
            writer.write(LONG + BODY + b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
            await writer.drain()

    async with gateway_before(say_too_much, tmp_path, valkey_url, socket) as gateway:
        for _ in range(2):
            async with gateway.client.get(f"{gateway.url}/big") as answer:
                assert await answer.read() == BODY
    assert len(connections) == 2


async def test_client_that_leaves_amid_a_long_upload_ends_it(gateway: RunningGateway, moved: list[int]) -> None:
    before = descriptors()
    ended = asyncio.Event()

    async def take(request: web.BaseRequest) -> web.Response:
        try:
            await request.content.read()
        finally:
            ended.set()
        return web.Response()

    async def is_moving() -> bool:
        return sum(moved) > 2 * MEGABYTE

    gateway.echo.answer = take
    async with gateway.connection() as (_, writer):
        writer.write(HEAD % len(BODY))
        await eventually(gateway.service_is_asked)
        writer.write(BODY[:-1])
        await eventually(is_moving)
    await asyncio.wait_for(ended.wait(), 5)

    async def nothing_is_open() -> bool:
        return descriptors() <= before

    await eventually(nothing_is_open)
    await eventually(gateway.has_no_client)


async def test_client_that_leaves_amid_a_long_download_ends_it(gateway: RunningGateway, moved: list[int]) -> None:
    ended = asyncio.Event()

    async def give(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": str(1 << 40)})
        await response.prepare(request)
        try:
            while True:
                await response.write(BODY)
        finally:
            ended.set()

    gateway.echo.answer = give
    async with gateway.connection() as (reader, writer):
        writer.write(b"GET /big HTTP/1.1\r\nHost: h\r\n\r\n")
        await reader.readexactly(len(BODY))
    await asyncio.wait_for(ended.wait(), 5)
    await eventually(gateway.has_no_client)
    assert moved


async def test_early_answer_to_a_long_upload_is_passed_on(gateway: RunningGateway, moved: list[int]) -> None:
    """What still comes of the upload is read and dropped, so that its client gets to see the answer."""

    async def refuse(request: web.BaseRequest) -> web.Response:
        await request.content.readexactly(2 * MEGABYTE)
        return web.Response(status=415, text="no")

    gateway.echo.answer = refuse
    async with gateway.connection(within=LINGER / 2) as (reader, writer):
        writer.write(HEAD % len(BODY))
        await eventually(gateway.service_is_asked)
        writer.write(BODY[: 3 * MEGABYTE])
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 415")
        assert b"Connection: close" in head
        writer.write(BODY[3 * MEGABYTE :])
        assert await reader.read() == b"no"
    assert moved


async def test_service_that_dies_amid_a_long_upload_is_told_of(
    tmp_path: Path, valkey_url: str, socket: Path | None
) -> None:
    async def die(reader: StreamReader, writer: StreamWriter) -> None:
        await reader.readexactly(2 * MEGABYTE)
        writer.transport.abort()

    async with (
        gateway_before(die, tmp_path, valkey_url, socket) as gateway,
        gateway.connection(within=5) as (reader, writer),
    ):
        writer.write(HEAD % len(BODY) + BODY)
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 502")


async def test_long_upload_that_stops_coming_is_given_up(
    gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch, moved: list[int]
) -> None:
    monkeypatch.setattr("gateway.downstream.body.SILENCE", 0.2)
    async with gateway.connection() as (reader, writer):
        writer.write(HEAD % len(BODY))
        await eventually(gateway.service_is_asked)
        writer.write(BODY[:-1])
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 408")
        assert b"Connection: close" in head
    assert moved


async def test_client_that_takes_no_byte_of_a_long_answer_is_cut_off(
    gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch, moved: list[int]
) -> None:
    """G16: a slow reader holds nothing for ever."""
    monkeypatch.setattr("gateway.downstream.answer.SILENCE", 0.2)

    async def endless(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": str(1 << 40)})
        await response.prepare(request)
        while True:
            await response.write(BODY)

    gateway.echo.answer = endless
    async with gateway.connection() as (_, writer):  # whose buffer soon is full
        writer.write(b"GET /big HTTP/1.1\r\nHost: h\r\n\r\n")
        await eventually(gateway.has_no_client)
    assert moved


@pytest.mark.parametrize("amid", ["answer", "upload"])
async def test_service_that_stands_still_is_given_up(
    tmp_path: Path, valkey_url: str, socket: Path | None, amid: str
) -> None:
    """Its silence is counted whoever moves the bytes; the route's time as a whole ends it too."""

    async def stall(reader: StreamReader, writer: StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if head.startswith(b"GET"):
            writer.write(LONG + BODY[: 3 * MEGABYTE])
        await asyncio.Event().wait()

    async with (
        gateway_before(stall, tmp_path, valkey_url, socket) as gateway,
        gateway.connection(within=10) as (reader, writer),
    ):
        if amid == "answer":
            writer.write(b"GET /hasty HTTP/1.1\r\nHost: h\r\n\r\n")
            await reader.readuntil(b"\r\n\r\n")
            with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
                await reader.readexactly(len(BODY))
        else:
            writer.write(b"PUT /brief HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % (len(BODY) * 8) + BODY * 8)
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 504")
