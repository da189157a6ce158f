"""Reads a long body from its socket, past the event loop's transport, the parser and their buffers.

The bytes are copied once, not three times, in pieces that are worth a thread's while. It is for bodies of known length
over connections without TLS; others are read as ever, and so is the end of one that breaks off.

However many come at once, and however slow the disk is, few of their pieces are in memory: each has one of the places
that all share, until whoever reads has written it and asks for the next. The rest waits in the sockets.
"""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Protocol
from weakref import WeakKeyDictionary

from aiohttp import web

from file_service.errors import UploadStalled
from shared.errors import AppError, Unavailable
from shared.fresh_parser import fresh_parser
from shared.plain_sockets import is_plain
from shared.small_reads import small_reads
from shared.web.context import CONTEXT

WORTHWHILE = 256 << 10  # bytes that are still to come
_LARGEST, _SMALLEST = 256 << 10, 64 << 10  # bytes of a piece: the cache holds it until it is hashed and written
_TOGETHER = 2 << 20  # bytes of the pieces of all: the more come at once, the smaller they are
_MOST = 32  # pieces in memory at once

_PLACES: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


class Content(Protocol):
    """A body, as aiohttp's StreamReader reads it."""

    def read_nowait(self) -> bytes:
        """Return what is here, perhaps nothing."""

    async def readany(self) -> bytes:
        """Wait for the next bytes, and return them; nothing at the end. Raises as it does."""


@contextmanager
def reading(request: web.Request) -> Iterator[Content]:
    """Lend what reads the request's body."""
    transport = request.transport
    left = _bytes_to_come(request)
    reads: SocketReads | None = None
    if left >= WORTHWHILE and is_plain(transport):
        with suppress(OSError):  # there are no more descriptors, or the connection closes now
            reads = SocketReads(request, transport, left)
    if reads is None:
        with small_reads(transport):
            yield request.content
        return
    try:
        yield reads
    finally:
        reads.close()
        reads.let_go()


def stalled(content: Content, seconds: float) -> AppError:
    """Return why nothing came for so long: it is the client's silence, unless all places were taken all the time."""
    if isinstance(content, SocketReads) and content.waits_for_place:
        return Unavailable("Files can't be stored as fast as they come.")
    return UploadStalled(f"Nothing came for {seconds:g} s.", headers={"Connection": "close"})


def _bytes_to_come(request: web.Request) -> int:
    if request.content_length is None or request.content.exception() is not None:
        return 0
    return request.content_length - request.content.total_bytes


class SocketReads:
    """Implements `Content`, by a descriptor of its own: the transport may close its own at any time."""

    active = 0  # of them, in this process

    def __init__(self, request: web.Request, transport: asyncio.Transport, left: int) -> None:
        self._request = request
        self._transport = transport
        self._socket = socket.socket(fileno=socket.dup(transport.get_extra_info("socket").fileno()))
        self._here = request.content.read_nowait()
        transport.pause_reading()
        self._left = left
        self._size = _SMALLEST  # of the next piece: it grows, since those who come in a crowd come one after the other
        self._is_open = True
        self._places = _PLACES.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(_MOST))
        self._has_place = False
        self.waits_for_place = False
        request[CONTEXT].closes = True  # until it ends well: the parser is amid a body of which it won't get all
        SocketReads.active += 1

    def read_nowait(self) -> bytes:
        self.let_go()
        here, self._here = self._here, b""
        return here if here or self._is_open else self._request.content.read_nowait()

    async def readany(self) -> bytes:
        data = self.read_nowait()
        while self._is_open and not data:
            self.waits_for_place = True
            await self._places.acquire()
            self.waits_for_place, self._has_place = False, True
            data = self._receive()
            if self._is_open and not data:
                self.let_go()
                await self._readable()
        return data or await self._request.content.readany()

    def let_go(self) -> None:
        """The piece before is written."""
        if self._has_place:
            self._has_place = False
            self._places.release()

    def _receive(self) -> bytes:
        """Return what is in the socket. At the body's end, and where it broke off, the rest comes in the usual way."""
        size = max(_SMALLEST, min(self._size, _TOGETHER // SocketReads.active))
        self._size = min(2 * self._size, _LARGEST)
        try:
            data = self._socket.recv(min(size, self._left))
        except BlockingIOError:
            return b""
        except OSError:
            data = b""
        self._left -= len(data)
        if not data or not self._left:
            self.close()
        return data

    async def _readable(self) -> None:
        loop, ready = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(self._socket.fileno(), ready.set)
        try:
            await ready.wait()
        finally:
            loop.remove_reader(self._socket.fileno())

    def close(self) -> None:
        if not self._is_open:
            return
        self._is_open = False
        SocketReads.active -= 1
        self._socket.close()
        protocol = self._request.protocol
        self._request[CONTEXT].closes = bool(self._left)
        if self._left:
            protocol.keep_alive(False)
        elif protocol.transport is not None:
            protocol._parser = fresh_parser(protocol)  # noqa: SLF001  aiohttp has no other way
            self._request.content.feed_eof()
        if not self._transport.is_closing():
            self._transport.resume_reading()
