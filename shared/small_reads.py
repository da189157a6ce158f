"""Reads a connection in pieces while a large body comes over it, the smaller the more such bodies come at once.

The event loop by itself hands on up to 256 KiB at a time, which then wait in a buffer for a slower reader: a hundred
uploads at once hold tens of megabytes. Here they share what one may have alone.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

LARGEST, SMALLEST = 262_144, 65_536  # bytes of a piece
READ_BUFFER = 16_384  # bytes; aiohttp stops reading beyond twice as many, which is after each piece

_TOGETHER = 4 << 20  # bytes of the pieces of all
_VIEW = memoryview(bytearray(LARGEST))  # one for all connections: a piece is copied before the next is read


class _SmallReads(asyncio.BufferedProtocol):
    """Stands before the protocol that a connection has."""

    active = 0  # of them, in this process

    def __init__(self, protocol: asyncio.Protocol) -> None:
        self._protocol = protocol
        self.eof_received = protocol.eof_received  # type: ignore[method-assign]  # they are the same
        self.connection_lost = protocol.connection_lost  # type: ignore[method-assign]  # they are the same
        self.pause_writing = protocol.pause_writing  # type: ignore[method-assign]  # as above
        self.resume_writing = protocol.resume_writing  # type: ignore[method-assign]  # as above

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002  the event loop's own protocol
        return _VIEW[: max(SMALLEST, _TOGETHER // _SmallReads.active)]

    def buffer_updated(self, nbytes: int) -> None:
        self._protocol.data_received(bytes(_VIEW[:nbytes]))


@contextmanager
def small_reads(transport: asyncio.Transport | None) -> Iterator[None]:
    """Read `transport` in pieces until the block ends; nothing else about it changes."""
    if transport is None or transport.is_closing():
        yield
        return
    protocol = cast(asyncio.Protocol, transport.get_protocol())
    _SmallReads.active += 1
    _set(transport, _SmallReads(protocol))
    try:
        yield
    finally:
        _SmallReads.active -= 1
        if not transport.is_closing():
            _set(transport, protocol)


def _set(transport: asyncio.Transport, protocol: asyncio.BaseProtocol) -> None:
    """A transport looks at what kind its protocol is when it begins to read."""
    reading = transport.is_reading()
    if reading:
        transport.pause_reading()
    transport.set_protocol(protocol)
    if reading:
        transport.resume_reading()
