"""Reads multipart/form-data (RFC 7578, RFC 2046 section 5.1) as it arrives, holding at most a chunk and a boundary.

Strict where leniency would hide a cut or a smuggled part: no end without its last boundary, no endless part headers.
"""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

from file_service.errors import TooManyParts
from shared.errors import MalformedBody

MAX_PARTS = 20
_MAX_HEADER_BYTES = 8192
_MAX_PREAMBLE_BYTES = _MAX_EPILOGUE_BYTES = 8192
_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]")


@dataclass(frozen=True, slots=True)
class Part:
    """`chunks` must be read to their end before the next part is asked for."""

    headers: dict[str, str]  # names in lower case
    chunks: AsyncIterator[bytes]


class FormReader:
    def __init__(self, source: AsyncIterator[bytes], boundary: str) -> None:
        """Raises MalformedBody for a boundary that isn't one."""
        if not _BOUNDARY.fullmatch(boundary):
            raise MalformedBody("The form's boundary is malformed.")
        self._source = source
        self._delimiter = b"\r\n--" + boundary.encode()
        self._buffer = b"\r\n"  # the first boundary may come without a line before it
        self._at = 0  # up to here, the buffer is read

    async def parts(self) -> AsyncIterator[Part]:
        """Yield each part in turn. Raises MalformedBody or TooManyParts."""
        async for _ in self._until(self._delimiter, _MAX_PREAMBLE_BYTES):
            pass  # a preamble means nothing
        for _ in range(MAX_PARTS):
            if await self._at_end():
                await self._skip_epilogue()
                return
            yield Part(await self._headers(), self._until(self._delimiter))
        if not await self._at_end():
            raise TooManyParts(f"A form may have {MAX_PARTS} parts.")
        await self._skip_epilogue()

    async def _skip_epilogue(self) -> None:
        """Read to the body's end, for whoever reads it keeps a place in memory until then."""
        passed = len(self._buffer) - self._at
        while passed <= _MAX_EPILOGUE_BYTES:
            chunk = await anext(self._source, b"")
            if not chunk:
                return
            passed += len(chunk)
        raise MalformedBody("The form goes on behind its last boundary.")

    async def _at_end(self) -> bool:
        """Tell whether the boundary just read was the last one, and step over the rest of its line."""
        while len(self._buffer) - self._at < len(b"--"):
            await self._fill()
        if self._buffer.startswith(b"--", self._at):
            return True
        line = await self._line_rest()
        if line.strip(b" \t"):
            raise MalformedBody("The form has a malformed boundary.")
        return False

    async def _line_rest(self) -> bytes:
        return b"".join([chunk async for chunk in self._until(b"\r\n", _MAX_HEADER_BYTES)])

    async def _headers(self) -> dict[str, str]:
        headers: dict[str, str] = {}
        left = _MAX_HEADER_BYTES
        while line := await self._line_rest():
            left -= len(line) + len(b"\r\n")
            name, colon, value = line.decode("utf-8", "surrogateescape").partition(":")
            if left < 0:
                raise TooManyParts("A part's headers are too large.")
            if not colon or not name or name != name.strip() or name.lower() in headers:
                raise MalformedBody("A part's headers are malformed.")
            headers[name.lower()] = value.strip(" \t")
        return headers

    async def _until(self, mark: bytes, limit: int | None = None) -> AsyncIterator[bytes]:
        """Yield what comes before `mark`, and step over it. Raises TooManyParts beyond `limit` bytes."""
        passed = 0
        while (found := self._buffer.find(mark, self._at)) < 0:
            if chunk := self._take(self._sure_end(mark)):
                passed += len(chunk)
                yield chunk
            if limit is not None and passed > limit:
                raise TooManyParts("A part's headers are too large.")
            await self._fill()
        if chunk := self._take(found):
            yield chunk
        self._at += len(mark)

    def _sure_end(self, mark: bytes) -> int:
        """Return where in the buffer a mark may begin whose end is still to come: hardly ever before its end."""
        end = len(self._buffer)
        maybe = self._buffer.find(mark[:1], max(self._at, end - len(mark) + 1))
        return end if maybe < 0 else maybe

    def _take(self, end: int) -> bytes:
        """Return the bytes up to there: the chunk as it came, where that is all of it."""
        taken = self._buffer[self._at : end]
        self._at = end
        return taken

    async def _fill(self) -> None:
        chunk = await anext(self._source, b"")
        if not chunk:
            raise MalformedBody("The form ends before its last boundary.")
        left = self._buffer[self._at :]
        self._buffer, self._at = left + chunk if left else chunk, 0
