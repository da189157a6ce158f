"""Bodies of 256 MB against a slow side: the gateway holds a bounded part of them, whichever side is slow."""

import asyncio
import sys
from asyncio import StreamReader, StreamWriter
from pathlib import Path

import pytest

from tests.integration.gateway.gateway_process import PIECE, GatewayProcess, gateway_process

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the peak of another process's memory is in /proc")

MEGABYTE = 1024 * 1024
SIZE = 256 * MEGABYTE
BOUND = 24 * MEGABYTE  # what sockets' buffers and both high-water marks come to, and the allocator's slack
DONE = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone"
PAUSE = 0.002  # seconds after each piece: the slow side takes 100 MB/s at most, far less than the gateway could give


async def read_slowly(reader: StreamReader, size: int) -> None:
    while size > 0:
        size -= len(await reader.readexactly(min(PIECE, size)))
        await asyncio.sleep(PAUSE)


async def read_chunks_slowly(reader: StreamReader) -> None:
    """As fast as `read_slowly`, however the bytes are cut."""
    taken = 0
    while size := int(await reader.readline(), 16):
        await reader.readexactly(size + 2)
        taken += size
        if taken >= PIECE:
            taken = 0
            await asyncio.sleep(PAUSE)
    await reader.readexactly(2)


async def small_request(gateway: GatewayProcess) -> None:
    """So that what is loaded on first use isn't taken for growth."""
    body = b"x" * 100_000
    head = f"PUT /big HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    assert (await gateway.raw(head + body)).endswith(b"done")
    gateway.forget_peak()


async def take_slowly(reader: StreamReader, writer: StreamWriter) -> None:
    while True:
        head = await reader.readuntil(b"\r\n\r\n")
        if b"Transfer-Encoding: chunked" in head:
            await read_chunks_slowly(reader)
        else:
            await read_slowly(reader, int(head.partition(b"Content-Length: ")[2].split(b"\r\n")[0]))
        writer.write(DONE)


async def give(reader: StreamReader, writer: StreamWriter) -> None:
    while True:
        head = await reader.readuntil(b"\r\n\r\n")
        if head.startswith(b"PUT"):
            await read_slowly(reader, 100_000)
            writer.write(DONE)
            continue
        chunked = b"chunked" in head.split(b"\r\n")[0]
        framing = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: %d" % SIZE
        writer.write(b"HTTP/1.1 200 OK\r\n" + framing + b"\r\n\r\n")
        for _ in range(SIZE // MEGABYTE):
            piece = b"x" * MEGABYTE
            writer.write(b"%x\r\n%b\r\n" % (MEGABYTE, piece) if chunked else piece)
            await writer.drain()
        writer.write(b"0\r\n\r\n" if chunked else b"")


@pytest.mark.parametrize("chunked", [False, True], ids=["declared length", "chunked"])
async def test_upload_to_a_slow_service_stays_in_the_clients_hands(
    chunked: bool,  # noqa: FBT001  a case
    tmp_path: Path,
    valkey_url: str,
) -> None:
    async with gateway_process(take_slowly, tmp_path, valkey_url) as gateway:
        await small_request(gateway)
        before = gateway.peak()
        async with asyncio.timeout(60), gateway.connection() as (reader, writer):
            framing = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {SIZE}"
            writer.write(f"PUT /big HTTP/1.1\r\nHost: h\r\nConnection: close\r\n{framing}\r\n\r\n".encode())
            for _ in range(SIZE // MEGABYTE):
                piece = b"x" * MEGABYTE
                writer.write(b"%x\r\n%b\r\n" % (MEGABYTE, piece) if chunked else piece)
                await writer.drain()
            writer.write(b"0\r\n\r\n" if chunked else b"")
            assert (await reader.read()).endswith(b"done")
        assert gateway.peak() - before < BOUND


@pytest.mark.parametrize("path", ["/big", "/big/chunked"])
async def test_download_by_a_slow_client_stays_in_the_services_hands(
    path: str, tmp_path: Path, valkey_url: str
) -> None:
    async with gateway_process(give, tmp_path, valkey_url) as gateway:
        await small_request(gateway)
        before = gateway.peak()
        async with asyncio.timeout(60), gateway.connection() as (reader, writer):
            writer.write(f"GET {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".encode())
            received = 0
            await reader.readuntil(b"\r\n\r\n")
            while data := await reader.read(PIECE):
                received += len(data)
                await asyncio.sleep(PAUSE)
        assert received >= SIZE
        assert gateway.peak() - before < BOUND
