"""A client's end of a connection to the gateway, byte by byte: no client library tidies up what is tested here."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass

PATIENCE = 40.0  # seconds for any answer; more than any route has


class BrokenOff(Exception):
    """The connection ended in the middle of an answer."""


class Dropped(Exception):
    """The connection ended without a byte of an answer that was due."""


@dataclass(slots=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes = b""

    @property
    def is_last(self) -> bool:
        return "close" in self.headers.get("connection", "").lower()


@dataclass(slots=True)
class Wire:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    is_open: bool = True
    answered: int = 0

    def send(self, data: bytes) -> None:
        """Say nothing more on a connection that has been closed: `reply` tells of it."""
        if not self.writer.transport.is_closing():
            self.writer.write(data)

    async def reply(self, pause: float = 0.0) -> Reply:
        """Read one answer whole, resting after each piece of its body. Raises Dropped, BrokenOff."""
        async with asyncio.timeout(PATIENCE):
            reply = await self._head()
            try:
                reply.body = await self._body(reply, pause)
            except (asyncio.IncompleteReadError, ConnectionError, ValueError) as exc:
                raise BrokenOff from exc
        self.is_open = not reply.is_last
        self.answered += 1
        return reply

    async def _head(self) -> Reply:
        try:
            head = await self.reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError as exc:
            raise (BrokenOff if exc.partial else Dropped) from exc
        except ConnectionError as exc:
            raise Dropped from exc
        first, *lines = head.decode("latin-1").split("\r\n")[:-2]
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        return Reply(int(first.split(" ", 2)[1]), headers)

    async def _body(self, reply: Reply, pause: float) -> bytes:
        if "content-length" in reply.headers:
            return await self._exactly(int(reply.headers["content-length"]), pause)
        body = b""
        if reply.headers.get("transfer-encoding") == "chunked":
            while size := int(await self.reader.readline(), 16):
                body += (await self._exactly(size + 2, pause))[:-2]
            await self.reader.readexactly(2)
        return body

    async def _exactly(self, size: int, pause: float) -> bytes:
        pieces = []
        while size > 0:
            piece = await self.reader.readexactly(min(size, 16_384))
            pieces.append(piece)
            size -= len(piece)
            if pause:
                await asyncio.sleep(pause)
        return b"".join(pieces)

    async def close(self, *, reset: bool = True) -> None:
        self.is_open = False
        if reset:
            self.writer.transport.abort()
        self.writer.close()
        with suppress(ConnectionError):
            await self.writer.wait_closed()


async def connect(port: int) -> Wire:
    return Wire(*await asyncio.open_connection("127.0.0.1", port, limit=1_000_000))
