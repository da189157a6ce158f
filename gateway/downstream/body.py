"""A request's body: bounded, and read as it arrives unless it is small or here already."""

import asyncio
from collections.abc import AsyncGenerator

from aiohttp import web

from gateway.downstream.request import Request
from gateway.errors import ExpectationFailed, RequestTimeout
from gateway.kernel_relay import Lent
from shared.errors import BadRequest, BodyTooLarge
from shared.small_reads import small_reads

SILENCE = 30.0  # seconds for which a client that owes us bytes may send none
SMALL = 65_536  # bytes; where a route takes no more, the body is complete before the service hears of the request
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class RequestBody:
    """`limit` is in bytes. Raises BodyTooLarge at once when more is declared, and ExpectationFailed."""

    def __init__(self, request: Request, limit: int) -> None:
        self._request = request
        self._limit = limit
        self.length = request.content_length or 0 if "Content-Length" in request.headers else None
        if self.length is None and not request.body_exists:
            self.length = 0
        if self.length is not None and self.length > limit:
            raise self._too_large()
        expect = request.headers.get("Expect")
        if expect is not None and expect.lower() != "100-continue":
            raise ExpectationFailed
        self._must_ask = expect is not None and request.version >= (1, 1)

    def whole(self) -> bytes | None:
        """Return the body if all of it is here, the empty one too. Raises BodyTooLarge or BadRequest."""
        content = self._request.content
        if not content.is_eof():
            return None
        if self.length == 0:
            return b""
        try:
            data = content.read_nowait()
        except web.RequestPayloadError as exc:
            raise BadRequest("The request's body is malformed.") from exc
        if len(data) > self._limit:
            raise self._too_large()
        return data

    async def collect(self, seconds: float) -> bytes:
        """Read all of it in the time given. Raises as `stream` does."""
        try:
            async with asyncio.timeout(seconds):
                return b"".join([data async for data in self.stream()])
        except TimeoutError as exc:
            raise RequestTimeout from exc

    async def stream(self) -> AsyncGenerator[bytes, None]:
        """Yield the body; a client that waits for it is told to go on (100) when the first bytes are asked for.

        Raises BodyTooLarge, BadRequest, or RequestTimeout.
        """
        if self._must_ask and self._request.transport is not None:
            self._request.transport.write(_CONTINUE)
        received = 0
        with small_reads(self._request.transport):
            while data := await self._next():
                received += len(data)
                if received > self._limit:
                    raise self._too_large()
                yield data

    # As the `Source` of what the kernel passes on

    @property
    def transport(self) -> asyncio.Transport | None:
        return self._request.transport

    @property
    def left(self) -> int | None:
        content = self._request.content
        return None if self.length is None or content.exception() is not None else self.length - content.total_bytes

    def halt(self) -> bytes:
        here = self._request.content.read_nowait()  # which has aiohttp read on, if it has paused
        if self.transport is not None:
            self.transport.pause_reading()
        return here

    async def ready(self, lent: Lent) -> None:
        """Raises RequestTimeout."""
        try:
            async with asyncio.timeout(SILENCE):
                await lent.has_bytes()
        except TimeoutError as exc:
            raise RequestTimeout from exc

    def resume(self, taken: int) -> None:
        if taken and self.left is not None:
            self._request.client.begin_anew(self._request.content, self.left - taken)
        if self.transport is not None and not self.transport.is_closing():
            self.transport.resume_reading()

    def _too_large(self) -> BodyTooLarge:
        return BodyTooLarge(f"At most {self._limit} bytes are accepted here.")

    async def _next(self) -> bytes:
        try:
            async with asyncio.timeout(SILENCE):
                return await self._request.content.readany()
        except TimeoutError as exc:
            raise RequestTimeout from exc
        except (web.RequestPayloadError, ConnectionError) as exc:
            raise BadRequest("The request's body broke off or is malformed.") from exc
