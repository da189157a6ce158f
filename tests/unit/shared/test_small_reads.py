"""Reading in small pieces, over real sockets and the event loop that the programs run on."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Self, cast

import pytest
import uvloop

from shared.small_reads import LARGEST, SMALLEST, small_reads
from tests.waiting import eventually

CONTENT = os.urandom(4_000_000)


class Receiver(asyncio.Protocol):
    """Keeps what comes, and how large each piece was."""

    def __init__(self) -> None:
        self.content = bytearray()
        self.pieces: list[int] = []
        self.ended: list[str] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self.content += data
        self.pieces.append(len(data))

    def eof_received(self) -> bool:
        self.ended.append("eof")
        return False

    def connection_lost(self, _exc: Exception | None) -> None:
        self.ended.append("lost")

    async def has(self: Self, size: int) -> None:
        async def look() -> bool:
            return len(self.content) >= size

        await eventually(look)


@asynccontextmanager
async def connected() -> AsyncIterator[tuple[Receiver, asyncio.StreamWriter]]:
    receivers: list[Receiver] = []

    def receive() -> Receiver:
        receivers.append(Receiver())
        return receivers[-1]

    server = await asyncio.get_running_loop().create_server(receive, "127.0.0.1", 0)
    async with server:
        _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(b"!")
        await eventually(lambda: asyncio.sleep(0, bool(receivers) and len(receivers[0].content) == 1))
        yield receivers[0], writer
        writer.close()
        receivers[0].transport.abort()


@pytest.fixture
def runner() -> asyncio.Runner:
    return asyncio.Runner(loop_factory=uvloop.new_event_loop)


def test_large_body_comes_in_small_pieces_and_whole(runner: asyncio.Runner) -> None:
    async def run() -> Receiver:
        async with connected() as (receiver, writer):
            with small_reads(receiver.transport):
                writer.write(CONTENT)
                await receiver.has(1 + len(CONTENT))
        return receiver

    with runner:
        receiver = runner.run(run())
    assert receiver.content[1:] == CONTENT
    assert max(receiver.pieces) <= LARGEST


def test_many_bodies_come_in_smaller_pieces(runner: asyncio.Runner) -> None:
    async def run() -> Receiver:
        async with connected() as (receiver, writer), AsyncExitStack() as others:
            for _ in range(64):
                other, _ = await others.enter_async_context(connected())
                others.enter_context(small_reads(other.transport))
            with small_reads(receiver.transport):
                writer.write(CONTENT)
                await receiver.has(1 + len(CONTENT))
        return receiver

    with runner:
        receiver = runner.run(run())
    assert receiver.content[1:] == CONTENT
    assert max(receiver.pieces) <= SMALLEST


def test_connection_reads_as_before_when_the_body_is_over(runner: asyncio.Runner) -> None:
    async def run() -> Receiver:
        async with connected() as (receiver, writer):
            with small_reads(receiver.transport):
                assert receiver.transport.get_protocol() is not receiver
            assert receiver.transport.get_protocol() is receiver
            receiver.transport.pause_reading()  # so that all of it is there when it is read
            writer.write(CONTENT[:1_000_000])
            await writer.drain()
            receiver.transport.resume_reading()
            await receiver.has(1 + 1_000_000)
        return receiver

    with runner:
        receiver = runner.run(run())
    assert receiver.content[1:] == CONTENT[:1_000_000]
    assert max(receiver.pieces) > SMALLEST


def test_paused_connection_stays_paused(runner: asyncio.Runner) -> None:
    async def run() -> None:
        async with connected() as (receiver, _writer):
            receiver.transport.pause_reading()
            with small_reads(receiver.transport):
                assert not receiver.transport.is_reading()
            assert not receiver.transport.is_reading()

    with runner:
        runner.run(run())


def test_end_of_a_connection_reaches_whoever_reads_in_pieces(runner: asyncio.Runner) -> None:
    async def run() -> Receiver:
        async with connected() as (receiver, writer):
            with small_reads(receiver.transport):
                writer.close()
                await eventually(lambda: asyncio.sleep(0, "lost" in receiver.ended))
        return receiver

    with runner:
        assert runner.run(run()).ended == ["eof", "lost"]


def test_closed_connection_is_left_alone(runner: asyncio.Runner) -> None:
    async def run() -> None:
        async with connected() as (receiver, _writer):
            receiver.transport.abort()
            with small_reads(receiver.transport):
                assert receiver.transport.get_protocol() is receiver

    with runner:
        runner.run(run())
