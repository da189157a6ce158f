"""Heads and trailers that go on and on, in fragments: refused, and never held beyond their bound."""

import asyncio
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from tests.integration.gateway.gateway_process import GatewayProcess, gateway_process
from tests.integration.gateway.running_gateway import status
from tests.integration.gateway.test_flat_memory import take_slowly

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the peak of another process's memory is in /proc")

MEGABYTE = 1024 * 1024
SIZE = 32 * MEGABYTE
FRAGMENT = 1000  # bytes
POST = b"POST /big HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n"


async def settled(gateway: GatewayProcess) -> int:
    """Return its memory's peak from now on, once what a first request loads is there."""
    answer = await gateway.raw(b"GET /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 404")
    gateway.forget_peak()
    return gateway.peak()


@pytest.mark.parametrize(
    ("beginning", "fragment", "expected"),
    [
        pytest.param(b"GET /", b"y" * FRAGMENT, {431}, id="request line"),
        pytest.param(b"GET /open HTTP/1.1\r\nX: ", b"y" * FRAGMENT, {431}, id="header"),
        pytest.param(b"GET /open HTTP/1.1\r\n", b"X: y\r\n" * (FRAGMENT // 6), {400, 431}, id="headers"),
        pytest.param(POST + b"0\r\n", b"X: y\r\n" * (FRAGMENT // 6), {400, 431}, id="trailers"),
        pytest.param(POST + b"0\r\nX: ", b"y" * FRAGMENT, {400, 431}, id="trailer"),
        pytest.param(POST.replace(b"big", b"hasty") + b"1;x=", b"y" * FRAGMENT, {408}, id="chunk extension, unread"),
    ],
)
async def test_endless_head_costs_its_sender_more_than_us(
    beginning: bytes, fragment: bytes, expected: set[int], tmp_path: Path, valkey_url: str
) -> None:
    """G14: 32 MB of it, if it is let; what is held stays far below a tenth of that.

    What comes after the beginning of a body comes once its service has been asked, so that somebody waits for it.
    """
    asked = asyncio.Event()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await take_slowly(reader, writer)

    async with gateway_process(take, tmp_path, valkey_url) as gateway:
        before = await settled(gateway)
        async with asyncio.timeout(60), gateway.connection() as (reader, writer):
            answer = asyncio.create_task(reader.readuntil(b"\r\n\r\n"))
            with suppress(ConnectionError):
                writer.write(beginning)
                if b" /big" in beginning:
                    await asked.wait()
                for _ in range(SIZE // FRAGMENT):
                    writer.write(fragment)
                    await writer.drain()
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                assert status(await answer) in expected
        assert gateway.peak() - before < SIZE // 10


async def test_rubbish_behind_a_request_that_waits_is_not_kept(tmp_path: Path, valkey_url: str) -> None:
    """G14: it is refused once, however long it goes on until its refusal can be told."""
    asked = asyncio.Event()

    async def wait(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        asked.set()
        await reader.read()

    async with gateway_process(wait, tmp_path, valkey_url) as gateway:
        before = await settled(gateway)
        async with asyncio.timeout(60), gateway.connection() as (_, writer):
            writer.write(b"GET /big HTTP/1.1\r\nHost: h\r\n\r\n")
            await asked.wait()
            for _ in range(SIZE // FRAGMENT):
                writer.write(b"\0" * FRAGMENT)
                await writer.drain()
        assert gateway.peak() - before < SIZE // 10
