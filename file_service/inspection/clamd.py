"""Asks clamd about a stream of bytes, by its command INSTREAM: chunks, each behind its length, and a zero."""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from file_service.domain.verdicts import Verdict
from shared.errors import Unavailable

_CONNECT_SECONDS = 5.0
_MOST_REPLY = 4096  # bytes
_TOO_LARGE = "size limit exceeded"


class ScanFailed(Exception):
    """The scanner is there, and could not tell."""


@dataclass(frozen=True, slots=True)
class Finding:
    verdict: Verdict
    threat: str = ""


@dataclass(frozen=True, slots=True)
class Clamd:
    """`url` is `tcp://host:port` or `unix:///path`. No wait for the scanner is longer than `stall_seconds`."""

    url: str
    stall_seconds: float

    async def scan(self, chunks: AsyncIterator[bytes]) -> Finding:
        """Send `chunks` at the scanner's pace, and return what it says: clean, infected, or skipped as too large.

        Raises Unavailable where it is away, ScanFailed where it gives no verdict.
        """
        async with self._connection() as (reader, writer):
            reply = asyncio.create_task(reader.readuntil(b"\0"))  # from now on: it may have heard enough any time
            try:
                await self._send(writer, chunks, reply)
                async with asyncio.timeout(self.stall_seconds):
                    return _finding(await reply)
            except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as exc:
                raise ScanFailed("the scanner gives no answer") from exc
            finally:
                reply.cancel()
                await asyncio.gather(reply, return_exceptions=True)

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                reader, writer = await self._open()
        except OSError as exc:  # TimeoutError is one
            raise Unavailable("The virus scanner can't be reached.") from exc
        try:
            yield reader, writer
        finally:
            writer.transport.abort()

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        place = urlsplit(self.url)
        if place.scheme == "unix":
            return await asyncio.open_unix_connection(place.path, limit=_MOST_REPLY)
        return await asyncio.open_connection(place.hostname, place.port, limit=_MOST_REPLY)

    async def _send(
        self, writer: asyncio.StreamWriter, chunks: AsyncIterator[bytes], reply: "asyncio.Task[bytes]"
    ) -> None:
        """Send all, or as much as it takes before it replies or hangs up. Raises TimeoutError where it stands still."""
        writer.write(b"zINSTREAM\0")
        async for chunk in chunks:
            if not await self._taken(writer, struct.pack(">I", len(chunk)) + chunk) or reply.done():
                return
        await self._taken(writer, struct.pack(">I", 0))

    async def _taken(self, writer: asyncio.StreamWriter, data: bytes) -> bool:
        writer.write(data)
        try:
            async with asyncio.timeout(self.stall_seconds):
                await writer.drain()
        except ConnectionError:
            return False
        return True


def _finding(reply: bytes) -> Finding:
    """Raises ScanFailed for what is no verdict."""
    said = reply.rstrip(b"\0").decode("utf-8", "replace").strip().removeprefix("stream: ")
    if said == "OK":
        return Finding(Verdict.CLEAN)
    if said.endswith(" FOUND"):
        return Finding(Verdict.INFECTED, said.removesuffix(" FOUND"))
    if _TOO_LARGE in said:
        return Finding(Verdict.SKIPPED)
    raise ScanFailed(f"the scanner said {said[:100]!r}")
