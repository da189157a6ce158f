"""Every wait has an end: for a head, a body, an answer, and between requests. Constants are made small here."""

import asyncio
import gc
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from shared.small_reads import _SmallReads
from tests.integration.gateway.conftest import gateway_before, ready
from tests.integration.gateway.raw_service import raw_server
from tests.integration.gateway.running_gateway import RunningGateway, run_gateway, status

SHORT = 0.3  # seconds
GET = b"GET /open HTTP/1.1\r\nHost: h\r\n\r\n"


@asynccontextmanager
async def short_of_patience(folder: Path, valkey_url: str, patch: pytest.MonkeyPatch) -> AsyncIterator[RunningGateway]:
    patch.setattr("gateway.downstream.server.KEEP_ALIVE", SHORT)
    patch.setattr("gateway.downstream.server.LINGER", SHORT)
    async with run_gateway(folder, valkey_url) as gateway:
        await ready(gateway)
        yield gateway


async def trickle(writer: StreamWriter, piece: bytes) -> None:
    """Send a little now and then, as who wants to hold a connection for ever does."""
    while not writer.is_closing():
        writer.write(piece)
        await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    "beginning",
    [
        pytest.param(b"", id="silence"),
        pytest.param(b"GET /open HTT", id="half a request line"),
        pytest.param(GET + b"GET /open HTTP/1.1\r\nX: ", id="half a second request"),
        pytest.param(GET, id="between requests"),
    ],
)
async def test_client_without_a_request_is_let_go(
    beginning: bytes, tmp_path: Path, valkey_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """G16: whether nothing comes or half a head."""
    async with (
        short_of_patience(tmp_path, valkey_url, monkeypatch) as gateway,
        gateway.connection() as (reader, writer),
    ):
        writer.write(beginning)
        async with asyncio.timeout(5):
            answers = await reader.read()
    assert answers.count(b"HTTP/1.1 200") == beginning.count(GET)


@pytest.mark.parametrize(
    "beginning", [b"GET /open HTTP/1.1\r\nX: ", GET + b"GET /open HTTP/1.1\r\nX: "], ids=["first", "second"]
)
async def test_head_that_trickles_in_for_ever_is_cut_off(
    beginning: bytes, tmp_path: Path, valkey_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """G16: bytes alone don't buy time."""
    async with (
        short_of_patience(tmp_path, valkey_url, monkeypatch) as gateway,
        gateway.connection() as (reader, writer),
    ):
        writer.write(beginning)
        trickling = asyncio.create_task(trickle(writer, b"y"))
        try:
            async with asyncio.timeout(5):
                await reader.read()
        except ConnectionResetError:
            pass
        finally:
            trickling.cancel()
        assert all(request.raw_path == "/open" for request in gateway.echo.seen)
        assert len(gateway.echo.seen) == beginning.count(GET)


async def test_body_that_trickles_in_for_ever_ends_with_its_routes_time(gateway: RunningGateway) -> None:
    """G16: a client that always sends something is never silent, and still has no more time than its route."""
    async with gateway.connection() as (reader, writer):
        writer.write(b"POST /hasty HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n")
        trickling = asyncio.create_task(trickle(writer, b"x"))
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        finally:
            trickling.cancel()
    assert status(head) == 408
    assert b"Connection: close" in head


async def test_refused_upload_that_goes_on_for_ever_is_cut_off(
    tmp_path: Path, valkey_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """G16: its rest is read for a moment, so that its client sees why; not for longer."""
    async with (
        short_of_patience(tmp_path, valkey_url, monkeypatch) as gateway,
        gateway.connection() as (reader, writer),
    ):
        writer.write(b"POST /small HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000000\r\n\r\n")
        trickling = asyncio.create_task(trickle(writer, b"x"))
        try:
            assert status(await reader.readuntil(b"\r\n\r\n")) == 413
            async with asyncio.timeout(5):
                with suppress(ConnectionResetError):
                    await reader.read()
        finally:
            trickling.cancel()


async def test_answer_that_trickles_in_for_ever_ends_with_its_routes_time(tmp_path: Path, valkey_url: str) -> None:
    """A service that always sends something has no more time than its route either: the client sees it break off."""

    async def drip(reader: StreamReader, writer: StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        await trickle(writer, b"1\r\nx\r\n")

    async with raw_server(drip) as url, run_gateway(tmp_path, valkey_url, USER_URL=url) as gateway:
        await ready(gateway)
        async with gateway.connection() as (reader, writer):
            writer.write(b"GET /hasty HTTP/1.1\r\nHost: h\r\n\r\n")
            received = b""
            with suppress(ConnectionResetError):
                while data := await reader.read(1000):
                    received += data
    assert status(received) == 200
    assert not received.endswith(b"0\r\n\r\n")


async def test_upload_that_is_given_up_is_let_go_of_at_once(
    tmp_path: Path, valkey_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What reads it is closed, not left to be collected: until then its connection would be read in small pieces."""
    monkeypatch.setattr("gateway.kernel_relay.WORTHWHILE", 2**63)

    async def stand_still(reader: StreamReader, _writer: StreamWriter) -> None:
        await reader.readexactly(1 << 20)
        await asyncio.Event().wait()

    async with (
        gateway_before(stand_still, tmp_path, valkey_url) as gateway,
        gateway.connection() as (reader, writer),
    ):
        gc.collect()
        gc.disable()
        try:
            writer.write(b"PUT /brief HTTP/1.1\r\nHost: h\r\nContent-Length: 67108864\r\n\r\n" + bytes(16 << 20))
            assert b" 504 " in await reader.readline()
            assert _SmallReads.active == 0
        finally:
            gc.enable()
