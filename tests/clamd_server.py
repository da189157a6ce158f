"""A real server on loopback that speaks clamd's INSTREAM, knows one signature, and misbehaves when told to."""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

HARMFUL = b"this is the harmful part"
NAME = "Test.Harmful-1"


@dataclass
class ClamdServer:
    """`mood`: well, silent (takes everything, says nothing), rude (hangs up at once), confused (an error)."""

    port: int = 0
    mood: str = "well"
    most_bytes: int = 1_000_000  # StreamMaxLength
    largest_chunk: int = 0
    scanned: list[int] = field(default_factory=list)  # the length of each stream
    _server: asyncio.Server | None = None
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"tcp://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Listen, on the same port as before if there was one."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            for writer in self._open:
                writer.transport.abort()
            await self._server.wait_closed()
            self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            reply = await self._listen(reader)
            writer.write(reply.encode() + b"\0")
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self._open.discard(writer)
            writer.close()

    async def _listen(self, reader: asyncio.StreamReader) -> str:
        assert await reader.readuntil(b"\0") == b"zINSTREAM\0"
        if self.mood == "rude":
            raise ConnectionResetError
        content = b""
        while length := struct.unpack(">I", await reader.readexactly(4))[0]:
            self.largest_chunk = max(self.largest_chunk, length)
            content += await reader.readexactly(length)
            if len(content) > self.most_bytes:
                return "INSTREAM size limit exceeded. ERROR"
        self.scanned.append(len(content))
        if self.mood == "silent":
            await reader.read()  # until the other side gives up
        if self.mood == "confused":
            return "Can't allocate memory ERROR"
        return f"stream: {NAME} FOUND" if HARMFUL in content else "stream: OK"


@asynccontextmanager
async def running_clamd() -> AsyncIterator[ClamdServer]:
    server = ClamdServer()
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
