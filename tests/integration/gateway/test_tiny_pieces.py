"""Bodies in a million pieces: however they are cut, no step of the event loop takes long."""

import asyncio
import gc
import time
from asyncio import StreamReader, StreamWriter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.integration.gateway.conftest import ready
from tests.integration.gateway.raw_service import raw_server
from tests.integration.gateway.running_gateway import run_gateway, status

MILLION = 1_000_000
CHUNK = b"1\r\nx\r\n"
AT_A_TIME = 50_000  # chunks: more than fits into one read of a socket
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
LARGEST_SHARE = 0.1  # that one step may have of the whole work, which is read in some 25 pieces


@contextmanager
def steps(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """Note the CPU time of each callback of the loop: that, and not what else a busy machine does, is asked for.

    What a step collects of the garbage of other tests isn't its own work.
    """
    taken: list[float] = []
    run = asyncio.Handle._run

    def measured(handle: asyncio.Handle) -> None:
        started = time.thread_time()
        run(handle)
        taken.append(time.thread_time() - started)

    with monkeypatch.context() as patched:
        patched.setattr(asyncio.Handle, "_run", measured)
        gc.disable()
        try:
            yield taken
        finally:
            gc.enable()


async def pour(writer: StreamWriter) -> None:
    for _ in range(MILLION // AT_A_TIME):
        writer.write(CHUNK * AT_A_TIME)
        await writer.drain()
    writer.write(b"0\r\n\r\n")


async def test_million_chunks_of_one_byte_are_taken_in_short_steps(
    tmp_path: Path, valkey_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """G17, upwards."""
    received = 0

    async def take(reader: StreamReader, writer: StreamWriter) -> None:
        nonlocal received
        await reader.readuntil(b"\r\n\r\n")
        end = b""
        while not end.endswith(b"\r\n0\r\n\r\n"):
            piece = await reader.read(2**16)  # not chunk by chunk: this service's steps are measured along
            received += piece.count(b"x")
            end = end[-6:] + piece
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    async with raw_server(take) as url, run_gateway(tmp_path, valkey_url, USER_URL=url) as gateway:
        await ready(gateway)
        with steps(monkeypatch) as taken:
            async with gateway.connection() as (reader, writer):
                writer.write(b"POST /big HTTP/1.1\r\nHost: h\r\nConnection: close\r\n" + CHUNKED)
                await pour(writer)
                assert status(await reader.read()) == 200
    assert received == MILLION
    assert max(taken) < LARGEST_SHARE * sum(taken)


async def test_million_chunks_of_one_byte_are_given_in_short_steps(
    tmp_path: Path, valkey_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """G17, downwards."""

    async def give(reader: StreamReader, writer: StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n" + CHUNKED)
        await pour(writer)
        await reader.read()

    async with raw_server(give) as url, run_gateway(tmp_path, valkey_url, USER_URL=url) as gateway:
        await ready(gateway)
        with steps(monkeypatch) as taken:
            answer = await gateway.raw(b"GET /big HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
    assert status(answer) == 200
    assert answer.count(b"x") >= MILLION
    assert max(taken) < LARGEST_SHARE * sum(taken)
