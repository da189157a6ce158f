"""A request's bytes, taken in pieces. Where they break off, what came before is a piece like any."""

import asyncio
from collections.abc import AsyncIterator

from aiohttp import web

from file_service.errors import UploadLengthExceeded
from file_service.uploads.socket_reads import Content, stalled
from shared.errors import MalformedBody


class Body:
    """`room` is how many bytes may come, `stall_seconds` how long none may; `length` is what is announced, if it is.

    `failure` is why the bytes ended early, if they did: UploadStalled, Unavailable, MalformedBody or a ConnectionError.
    """

    def __init__(self, content: Content, length: int | None, room: int, stall_seconds: float) -> None:
        self._content = content
        self.length = length
        self._room = room
        self._stall_seconds = stall_seconds
        self._next = b""
        self.failure: Exception | None = None

    async def has_more(self) -> bool:
        """Wait for the next bytes. Raises UploadLengthExceeded."""
        if not self._next and self.failure is None:
            try:
                await self._fill(self._stall_seconds)
            except TimeoutError:
                self._stalled()
        return bool(self._next)

    async def piece(self, most: int, seconds: float) -> AsyncIterator[bytes]:
        """Yield up to `most` bytes, of which the first are here, for about `seconds`. Raises UploadLengthExceeded."""
        until = asyncio.get_running_loop().time() + seconds
        while self._next and most:
            chunk, self._next = self._next[:most], self._next[most:]
            most -= len(chunk)
            yield chunk
            if not self._next and most and not await self._fill_until(until):
                return

    async def _fill_until(self, until: float) -> bool:
        """Return whether there is more before the piece's time is up."""
        left = until - asyncio.get_running_loop().time()
        try:
            await self._fill(max(0.001, min(left, self._stall_seconds)))
        except TimeoutError:
            if left > self._stall_seconds:
                self._stalled()
        return bool(self._next)

    async def _fill(self, patience: float) -> None:
        try:
            self._next = self._content.read_nowait()
            if not self._next:
                async with asyncio.timeout(patience):
                    self._next = await self._content.readany()
        except ConnectionError as exc:
            self.failure = exc
        except web.RequestPayloadError as exc:
            self.failure = MalformedBody("The bytes broke off or are malformed.")
            self.failure.__cause__ = exc
        self._room -= len(self._next)
        if self._room < 0:
            raise UploadLengthExceeded

    def _stalled(self) -> None:
        self.failure = stalled(self._content, self._stall_seconds)
