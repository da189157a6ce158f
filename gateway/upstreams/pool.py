"""Kept-alive connections to the upstreams: last in, first out, and only ever reused after a whole exchange."""

import asyncio
from collections import deque
from dataclasses import dataclass, replace

from gateway.errors import BadGateway, UpstreamTimeout, UpstreamUnavailable
from gateway.upstreams.connection import Connection
from gateway.upstreams.exchange import Exchange
from gateway.upstreams.requests import UpstreamRequest


@dataclass(frozen=True, slots=True)
class PoolLimits:
    """Times are in seconds. `idle` is below the time after which services close, so that they never do it first."""

    connections: int = 1024
    idle_connections: int = 256
    idle: float = 30.0
    connect: float = 2.0


class Pool:
    """The connections to one upstream. What `exchange` returns must be ended. `authority` is its Host header."""

    def __init__(self, host: str, port: int, limits: PoolLimits) -> None:
        self._host, self._port = host, port
        self.authority = f"[{host}]:{port}".encode() if ":" in host else f"{host}:{port}".encode()
        self._limits = limits
        self._loop = asyncio.get_running_loop()
        self._idle: deque[Connection] = deque()
        self._active: set[Connection] = set()
        self._lasting: set[Connection] = set()  # streams: open for hours, they must not use up what `limits` allows
        self._connecting = 0

    async def exchange(self, request: UpstreamRequest) -> Exchange:
        """Send `request` and return its answer once the head is in.

        A connection that the upstream closed while it lay idle fails before any byte of an answer; only then, and only
        for a repeatable request, is there a second attempt. A POST may have been acted on, so it never gets one.
        """
        connection = None if request.upgrade else self._idle_connection()
        if connection is not None:
            try:
                return await self._begin(connection, request)
            except BadGateway:
                if connection.answer.started or not request.is_repeatable:
                    raise
        return await self._begin(await self._connect(), request)

    async def _begin(self, connection: Connection, request: UpstreamRequest) -> Exchange:
        self._active.add(connection)
        exchange = Exchange(connection, self._release, self._set_apart)
        try:
            await exchange.begin(request)
        except BaseException:
            await exchange.end()
            raise
        return exchange

    def _idle_connection(self) -> Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if connection.is_open:
                return connection
        return None

    async def _connect(self) -> Connection:
        if len(self._active) + self._connecting >= self._limits.connections:
            raise UpstreamUnavailable("connection_limit_reached")
        self._connecting += 1
        try:
            async with asyncio.timeout(self._limits.connect):
                _, connection = await self._loop.create_connection(
                    lambda: Connection(self._loop), self._host, self._port
                )
        except TimeoutError as exc:
            raise UpstreamTimeout("connection_timeout") from exc
        except OSError as exc:
            raise UpstreamUnavailable("connection_refused") from exc
        finally:
            self._connecting -= 1
        return connection

    def _set_apart(self, connection: Connection) -> None:
        self._active.discard(connection)
        self._lasting.add(connection)

    def _release(self, connection: Connection) -> None:
        self._active.discard(connection)
        self._lasting.discard(connection)
        if connection.finish() and len(self._idle) < self._limits.idle_connections:
            connection.idle_since = self._loop.time()
            self._idle.append(connection)
        else:
            connection.close()

    def sweep(self) -> None:
        """Give up what is past its time, and close what has lain idle for too long."""
        now = self._loop.time()
        for connection in (*self._active, *self._lasting):
            connection.expire(now)
        while self._idle and (not self._idle[0].is_open or now > self._idle[0].idle_since + self._limits.idle):
            self._idle.popleft().close()

    def retire(self) -> None:
        """Keep no connection any more. What is being exchanged, or about to be, still comes to its end."""
        self._limits = replace(self._limits, idle_connections=0)
        while self._idle:
            self._idle.pop().close()

    def close(self) -> None:
        for connection in (*self._idle, *self._active, *self._lasting):
            connection.close()
        self._idle.clear()
