"""Has the kernel copy what lies in local files into a reader's socket: the bytes never come into this process.

A file of 256 MB costs a quarter of the CPU that reading and writing it does.
"""

import asyncio
import os
import select
import socket
import threading
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from aiohttp import web

from file_service.delivery.content import OpenContent, Run
from file_service.delivery.ranges import ByteRange
from file_service.storage.blob import READ_BYTES
from file_service.storage.contract import LendingBlob
from shared.errors import Unavailable
from shared.plain_sockets import is_plain, widen

_WORTHWHILE = 1 << 20  # bytes; less is sent as fast the usual way
_AT_ONCE = 8 << 20  # bytes that one thread may send before another reader has its turn
_PATIENCE = 2  # milliseconds that a thread waits for a reader who takes bytes as fast as that
_FEW = 4  # readers for whom threads may wait


class _Socket:
    """The reader's socket once more: this one isn't closed, and its number another's, while a thread has it."""

    lent = 0  # of them, in this process

    def __init__(self, descriptor: int) -> None:
        self._socket = socket.socket(fileno=os.dup(descriptor))
        widen(self._socket)
        self._gone = False
        self._one_at_a_time = threading.Lock()

    def copy(self, source: int, start: int, length: int) -> int | None:
        """Return how many bytes were taken, None where none can be just now. Raises OSError for the file's failures."""
        with self._one_at_a_time:
            if self._socket.fileno() < 0:  # closed: nobody waits for this any more
                return None
            taken = 0
            while taken < length:
                try:
                    some = os.sendfile(self._socket.fileno(), source, start + taken, length - taken)
                except BlockingIOError:
                    if not self._takes_more():
                        break
                except ConnectionError:
                    self._gone = True
                    break
                else:
                    taken += some
                    if not some:
                        return taken
            return taken or None

    def _takes_more(self) -> bool:
        """Wait a moment: going back to the event loop, and asking for a thread again, takes longer."""
        if _Socket.lent > _FEW:
            return False
        poll = select.poll()
        poll.register(self._socket, select.POLLOUT)
        return bool(poll.poll(_PATIENCE))

    async def room(self) -> None:
        """Wait until it takes bytes again. Raises ConnectionResetError when the reader is gone."""
        if self._gone:
            raise ConnectionResetError("the reader is gone")
        loop = asyncio.get_running_loop()
        taking = asyncio.Event()
        loop.add_writer(self._socket, taking.set)
        try:
            await taking.wait()
        finally:
            loop.remove_writer(self._socket)

    def close(self) -> None:
        with self._one_at_a_time:
            self._socket.close()


@asynccontextmanager
async def _socket_of(transport: asyncio.Transport) -> AsyncIterator[_Socket]:
    lent = _Socket(transport.get_extra_info("socket").fileno())
    _Socket.lent += 1
    try:
        yield lent
    finally:
        _Socket.lent -= 1
        await asyncio.shield(asyncio.to_thread(lent.close))


def share(request: web.Request, content: OpenContent, part: ByteRange) -> int:
    """Return how many bytes at the end of `part` the kernel may copy: all but the first, or none.

    The first ones go with the head, the usual way.
    """
    if part.length < _WORTHWHILE or not is_plain(request.transport):
        return 0
    if not all(isinstance(run.blob, LendingBlob) for run in content.runs(part.start, part.length)):
        return 0
    return part.length - READ_BYTES


async def copy(request: web.Request, runs: Iterable[Run], stall_seconds: float) -> AsyncIterator[int]:
    """Send these, after everything that was written to the response, and yield how much was taken each time.

    Raises TimeoutError when the reader stands still, ConnectionError when it goes, Unavailable where bytes are missing.
    """
    transport = await _emptied(request, stall_seconds)
    async with _socket_of(transport) as lent:
        for run in runs:
            assert isinstance(run.blob, LendingBlob)  # `share` has looked
            start, left = run.start, run.length
            while left:
                taken = await run.blob.lend(lent.copy, start, min(left, _AT_ONCE))
                if taken is None:
                    async with asyncio.timeout(stall_seconds):
                        await lent.room()
                elif taken == 0:
                    raise Unavailable("The stored file is shorter than it should be.")
                else:
                    start, left = start + taken, left - taken
                    yield taken


async def _emptied(request: web.Request, stall_seconds: float) -> asyncio.Transport:
    """Wait until all that was written is in the socket: what is copied past it would overtake it."""
    transport = request.transport
    if transport is None:
        raise ConnectionResetError("the reader is gone")
    transport.set_write_buffer_limits(0)
    async with asyncio.timeout(stall_seconds):
        await request.writer.drain()
    transport.set_write_buffer_limits()
    if transport.is_closing() or transport.get_write_buffer_size():
        raise ConnectionResetError("the reader is gone")
    return transport
