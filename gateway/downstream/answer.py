"""Writing an answer: its head and what is known of its body leave in one write."""

import asyncio
import time
from collections.abc import Iterable
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from multidict import CIMultiDict

from gateway.kernel_relay import Lent

SILENCE = (
    60.0  # seconds for what waits to be sent, half a MiB at most, to leave: who takes less than 8 KiB/s is cut off
)
_FAREWELL = 1.0  # seconds for a client to take the end of a stream that is ended for it
BODILESS = frozenset((204, 304))
_SMALL = 32_768  # bytes that are written without a look at the clock
_REASONS = {status.value: status.phrase for status in HTTPStatus}


class Answer(web.StreamResponse):
    """Has written itself by the time the server gets it, which then only asks whether the connection stays open."""

    def __init__(self, request: web.BaseRequest, status: int, headers: CIMultiDict[str], *, keep_alive: bool) -> None:
        super().__init__(status=status)
        self._request = request
        self._writer = request.writer
        self._head = headers
        self._stays_open = keep_alive
        self._has_body = request.method != "HEAD" and status not in BODILESS
        self.has_begun = False
        self.sent = 0  # bytes of the body

    @property
    def keep_alive(self) -> bool:
        return self._stays_open

    async def send(self, body: bytes) -> None:
        """Send the whole answer. To HEAD, `body` only gives the length."""
        if self.status in BODILESS:
            self._head.popall("Content-Length", None)
        else:
            self._head["Content-Length"] = str(len(body))
        await self._write_head()
        await self._write_body(body if self._has_body else b"")

    async def begin(self, length: int | None) -> None:
        """Send the head. The body, of `length` bytes if that is known, follows by `add` and `end`."""
        self._frame(length)
        await self._write_head()
        self._writer.send_headers()

    async def add(self, data: bytes) -> None:
        """Raises TimeoutError when the client takes nothing, ConnectionError when it is gone."""
        if self._has_body:
            await self._write_body(data)

    async def switch(self) -> None:
        """Send the head of a 101: what follows is no HTTP, and the connection ends with it."""
        self.has_begun, self._stays_open = True, False
        self._head.popall("Content-Length", None)
        self._head["Date"] = _date()
        self._head["Connection"], self._head["Upgrade"] = "Upgrade", "websocket"
        await self._writer.write_headers("HTTP/1.1 101 Switching Protocols", self._head)
        self._writer.send_headers()

    async def end(self) -> None:
        async with asyncio.timeout(SILENCE):
            await self._writer.write_eof()

    async def finish(self) -> None:
        """End the body before its time, and the connection with it; at once, or not in order."""
        self._stays_open = False
        try:
            async with asyncio.timeout(_FAREWELL):
                await self._writer.write_eof()
        except TimeoutError:
            self.abort()

    def abort(self) -> None:
        """Cut the connection: the only way left to tell the client that the body isn't whole."""
        self._stays_open = False
        if self._request.transport is not None:
            self._request.transport.abort()

    # As the `Target` of what the kernel passes on

    @property
    def transport(self) -> asyncio.Transport | None:
        return self._request.transport if self._has_body else None

    async def write_out(self, data: bytes) -> None:
        await self.add(data)
        transport = self._request.transport
        if transport is not None:
            transport.set_write_buffer_limits(0)
        async with asyncio.timeout(SILENCE):
            await self._writer.drain()
        if transport is None or transport.is_closing() or transport.get_write_buffer_size():
            raise ConnectionResetError("The client is gone.")
        transport.set_write_buffer_limits()

    async def ready_for(self, lent: Lent) -> None:
        """Raises TimeoutError when the client takes nothing."""
        async with asyncio.timeout(SILENCE):
            await lent.takes_bytes()

    def note(self, given: int) -> None:
        self.sent += given

    def _frame(self, length: int | None) -> None:
        self._head.popall("Content-Length", None)
        if length is not None and self.status != HTTPStatus.NO_CONTENT:
            self._head["Content-Length"] = str(length)
        elif self._has_body and self._request.version >= (1, 1):
            self._head["Transfer-Encoding"] = "chunked"
            self._writer.enable_chunking()
        elif self._has_body:
            self._stays_open = False  # the end of the connection is all that tells HTTP/1.0 the end of the body

    async def _write_head(self) -> None:
        self.has_begun = True
        head = self._head
        head.setdefault("Date", _date())  # an answer from the cache has one already
        if not self._stays_open:
            head["Connection"] = "close, Upgrade" if "Upgrade" in head else "close"
        elif self._request.version < (1, 1):
            head["Connection"] = "keep-alive"
        await self._writer.write_headers(f"HTTP/1.1 {self.status} {_REASONS.get(self.status, '')}", head)

    async def _write_body(self, data: bytes) -> None:
        writer = self._writer
        self.sent += len(data)
        if writer.buffer_size + len(data) < _SMALL and not self._request.protocol.writing_paused:
            await writer.write(data)
            return
        async with asyncio.timeout(SILENCE):
            await writer.write(data)
            await writer.drain()

    # What the server calls

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter:
        return request.writer

    async def write_eof(self, data: bytes = b"") -> None:
        """All is written."""


def whole_answer(status: int, headers: CIMultiDict[str], body: bytes) -> bytes:
    """Return the answer to a GET as it goes over the wire, on a connection that stays open."""
    headers.popall("Content-Length", None)
    return plain_answer(status, lines_of(f"{name}: {value}".encode() for name, value in headers.items()), body)


def plain_answer(status: int, lines: bytes, body: bytes) -> bytes:
    """Return the same from the header's lines, without length and date."""
    if status in BODILESS:
        return b"%b%bDate: %b\r\n\r\n" % (_status_line(status), lines, _date.in_bytes())
    return b"%b%bDate: %b\r\nContent-Length: %d\r\n\r\n%b" % (
        _status_line(status), lines, _date.in_bytes(), len(body), body
    )  # fmt: skip


def lines_of(headers: Iterable[bytes]) -> bytes:
    """Join headers, with a line break after each. Raises ValueError where one holds a break."""
    lines = [*headers, b""]
    joined = b"\r\n".join(lines)
    if joined.count(b"\n") != len(lines) - 1:
        raise ValueError("a header holds a line break")
    return joined


@lru_cache(maxsize=256)
def _status_line(status: int) -> bytes:
    return f"HTTP/1.1 {status} {_REASONS.get(status, '')}\r\n".encode("ascii")


class _Clock:
    """The Date header's value, made once a second."""

    def __init__(self) -> None:
        self._second = 0
        self._text = ""
        self._bytes = b""

    def __call__(self) -> str:
        self._renew()
        return self._text

    def in_bytes(self) -> bytes:
        self._renew()
        return self._bytes

    def _renew(self) -> None:
        second = int(time.time())
        if second != self._second:
            self._second, self._text = second, formatdate(second, usegmt=True)
            self._bytes = self._text.encode("ascii")


_date = _Clock()
