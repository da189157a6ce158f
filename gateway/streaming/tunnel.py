"""A WebSocket on its way through: bytes both ways, unread, except for where the upstream's frames end.

Nothing is kept: what the client sends is written on as it comes, and whoever is slower than the other pauses it.
"""

import asyncio
from math import inf

from aiohttp import web

from gateway.downstream.takeover import Takeover
from gateway.edge.frames import GOING_AWAY, POLICY_VIOLATION, Frames, close_frame
from gateway.streaming.streams import EndedBy, OpenStream, stopped
from gateway.upstreams.exchange import Exchange
from shared.errors import AppError

_SLICE = 65_536  # bytes
FAREWELL = 1.0  # seconds for a client to read our Close and to go
_FAREWELLS = {
    EndedBy.REVOKED: close_frame(POLICY_VIOLATION, "The session has ended."),
    EndedBy.EXPIRED: close_frame(POLICY_VIOLATION, "The API key has expired."),
    EndedBy.STOPPING: close_frame(GOING_AWAY, "The gateway is stopping."),
    EndedBy.IDLE: close_frame(GOING_AWAY, "Nothing was sent for too long."),
}


class Tunnel:
    """Both answers, the upstream's 101 and ours, have been sent when it runs."""

    def __init__(self, request: web.BaseRequest, exchange: Exchange, stream: OpenStream) -> None:
        self._exchange = exchange
        self._stream = stream
        self._client = Takeover(request, self._receive)
        self._frames = Frames()
        self._is_blocked = asyncio.Event()  # the upstream takes no more for now
        self._loop = asyncio.get_running_loop()
        self._told_at = self._loop.time()
        self.sent = 0  # bytes to the client

    @property
    def received(self) -> int:
        return self._client.received

    async def run(self, idle: float) -> None:
        """Relay until one side closes, nothing has passed for `idle` seconds, or the stream is ended for it."""
        self._exchange.last(inf)
        down, up = asyncio.create_task(self._relay_down()), asyncio.create_task(self._relay_up())
        try:
            self._client.begin()
            await self._until_ended(down, idle)
        finally:
            await stopped(down, up)
        self._exchange.cut()
        await self._leave()

    async def _until_ended(self, down: asyncio.Task[EndedBy], idle: float) -> None:
        ended = self._stream.ended
        while not ended.done():
            left = max(self._client.heard_at, self._told_at) + idle - self._loop.time()
            if left <= 0:
                self._stream.end(EndedBy.IDLE)
            await asyncio.wait({down, ended}, timeout=max(0.0, left), return_when=asyncio.FIRST_COMPLETED)
            if down.done():
                self._stream.end(down.result())

    def _receive(self, data: bytes) -> None:
        if self._exchange.write(data) and not self._is_blocked.is_set():
            self._client.pause()
            self._is_blocked.set()

    async def _relay_up(self) -> EndedBy:
        while True:
            await self._is_blocked.wait()
            await self._exchange.drain()
            self._is_blocked.clear()
            self._client.resume()

    async def _relay_down(self) -> EndedBy:
        try:
            while data := await self._exchange.read():
                self._told_at = self._loop.time()
                for start in range(0, len(data), _SLICE):
                    await self._tell(data[start : start + _SLICE])
        except TimeoutError:
            return EndedBy.STALLED
        except ConnectionError:
            return EndedBy.CLIENT
        except AppError:  # the connection broke
            return EndedBy.UPSTREAM
        return EndedBy.UPSTREAM

    async def _tell(self, data: bytes) -> None:
        self._frames.feed(data)
        self.sent += len(data)
        await self._client.send(data)
        if len(data) == _SLICE:
            await asyncio.sleep(0)  # a burst of tiny frames must not hold up all others

    async def _leave(self) -> None:
        """Say why, where that is not for the upstream to say, and cut a client off that doesn't go by itself.

        In the middle of a frame there is no way to say it: then the cut alone tells.
        """
        farewell = _FAREWELLS.get(self._stream.ended_by)
        if farewell is not None and self._frames.at_boundary:
            await self._client.leave(farewell, FAREWELL)
        if self._stream.ended_by is not EndedBy.UPSTREAM:
            self._client.abort()
