"""The client's connection after HTTP has ended on it: bytes of another protocol, both ways, with back-pressure.

Rests on `RequestHandler.set_parser`, by which aiohttp's own WebSockets take connections over: whatever follows the
request, from its own packet on, goes to `feed_data` and is never parsed as HTTP again.
"""

import asyncio
from collections.abc import Callable
from typing import Any, cast

from aiohttp import web

from gateway.downstream.answer import SILENCE


class Takeover:
    """`receive` gets the client's bytes as they come; `heard_at` is when the last came, in loop time.

    The end of the connection cancels the request's handler, as for any request.
    """

    def __init__(self, request: web.BaseRequest, receive: Callable[[bytes], None]) -> None:
        self._request = request
        self._receive: Callable[[bytes], None] | None = receive
        self._loop = asyncio.get_running_loop()
        self.heard_at = self._loop.time()
        self.received = 0  # bytes

    def begin(self) -> None:
        self._request.protocol.set_parser(cast(Any, self))

    async def send(self, data: bytes) -> None:
        """Raises TimeoutError when the client takes nothing, ConnectionError when it is gone."""
        self.write(data)
        if self._request.protocol.writing_paused:
            async with asyncio.timeout(SILENCE):
                await self._request.writer.drain()

    def write(self, data: bytes) -> None:
        transport = self._request.transport
        if transport is None:
            raise ConnectionResetError("The client is gone.")
        transport.write(data)

    def pause(self) -> None:
        """Read no more of the client for now."""
        self._request.protocol.pause_reading()

    def resume(self) -> None:
        self._request.protocol.resume_reading()

    async def leave(self, last: bytes, patience: float) -> None:
        """Send the last bytes, say that nothing follows, and wait so many seconds for the client to go.

        What it still sends is dropped, not left in the socket: unread bytes would make a reset of our end.
        """
        self._receive = None
        self.resume()
        self.write(last)
        transport = self._request.transport
        if transport is not None and not transport.is_closing() and transport.can_write_eof():
            transport.write_eof()
        await asyncio.sleep(patience)

    def abort(self) -> None:
        if self._request.transport is not None:
            self._request.transport.abort()

    # What the protocol calls

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        if self._receive is not None:
            self.heard_at = self._loop.time()
            self.received += len(data)
            self._receive(data)
        return False, b""

    def feed_eof(self) -> None:
        """The handler is being cancelled."""
