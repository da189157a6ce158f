"""One instance of an upstream: kept-alive connections to one address, last in, first out."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from gateway.errors import BadGateway, UpstreamTimeout, UpstreamUnavailable
from gateway.upstreams.attempt import AttemptFailed
from gateway.upstreams.connecting import connect
from gateway.upstreams.connection import Connection
from gateway.upstreams.discovery import Address
from gateway.upstreams.exchange import Exchange
from gateway.upstreams.health import Health
from gateway.upstreams.requests import UpstreamRequest
from shared.errors import AppError

_BROKEN = frozenset((502, 504))
_UNAVAILABLE = 503


class ConnectionState(StrEnum):
    ACTIVE = "active"
    IDLE = "idle"
    LASTING = "lasting"  # they carry a stream


@dataclass(frozen=True, slots=True)
class PoolLimits:
    """Numbers are per instance, those of the queue per upstream; times are in seconds.

    `idle` is below the time after which services close, so that they never do it first. `fresh` is below the time for
    which they go on answering while they stop, with `Connection: close`: what answered without it so lately still will.
    """

    connections: int = 1024
    idle_connections: int = 256
    idle: float = 30.0
    fresh: float = 0.5
    connect: float = 2.0
    queue: int = 256
    queue_seconds: float = 0.5


class Instance:
    """`take` a place, then `exchange` on it. `freed` is told when a place is free again, `ejected` of an ejection."""

    def __init__(
        self, address: Address, limits: PoolLimits, freed: Callable[[], None], ejected: Callable[["Instance"], None]
    ) -> None:
        self.address = address
        self.health = Health()
        self.in_flight = 0
        self._limits = limits
        self._freed = freed
        self._ejected = ejected
        self._loop = asyncio.get_running_loop()
        self._idle: deque[Connection] = deque()
        self._active: set[Connection] = set()
        self._lasting: set[Connection] = set()  # streams: open for hours, they must not use up what `limits` allows
        self._retired = False

    @property
    def is_busy(self) -> bool:
        return bool(self.in_flight or self._lasting)

    @property
    def is_full(self) -> bool:
        return self.in_flight >= self._limits.connections

    def connections(self, state: ConnectionState) -> int:
        return len({"active": self._active, "idle": self._idle, "lasting": self._lasting}[state])

    def take(self, now: float) -> None:
        self.in_flight += 1
        self.health.chosen(now)

    def give_back(self) -> None:
        self.in_flight -= 1
        self._freed()

    async def exchange(self, request: UpstreamRequest, deadline: float) -> Exchange:
        """Return the answer once its head is in, or raise AttemptFailed. The place goes back at the exchange's end."""
        connection = None if request.upgrade else self._idle_connection(repeatable=request.is_repeatable)
        is_used = connection is not None
        if connection is None:
            connection = await self._connect()
        self._active.add(connection)
        exchange = Exchange(connection, self._release, self._set_apart)
        try:
            await exchange.begin(request, deadline)
        except BaseException as exc:
            await exchange.end()
            if isinstance(exc, AppError):
                raise self._failure(exc, connection, is_used=is_used) from exc
            raise
        self._judge(connection)
        return exchange

    def start(self, request: UpstreamRequest, data: bytes, now: float, on_ready: Callable[[], None]) -> Exchange | None:
        """Take a place and send `data` at once, if a connection is idle; then `outcome` tells what became of it."""
        connection = self._idle_connection(repeatable=request.is_repeatable)
        if connection is None:
            return None
        self.take(now)
        self._active.add(connection)
        connection.start(data, request, now + request.timeout)
        connection.when_ready(on_ready)
        return Exchange(connection, self._release, self._set_apart)

    def outcome(self, exchange: Exchange) -> AttemptFailed | None:
        """Return how a started exchange failed, which is over then; None if the answer's head is in."""
        connection = exchange.connection
        if connection.failure is None:
            self._judge(connection)
            return None
        exchange.close()
        return self._failure(connection.failure, connection, is_used=True)

    def _idle_connection(self, *, repeatable: bool) -> Connection | None:
        """Return one that the instance won't close under the request, or hardly if that can be repeated."""
        oldest = 0.0 if repeatable else self._loop.time() - self._limits.fresh
        while self._idle and (repeatable or self._idle[-1].idle_since >= oldest):
            connection = self._idle.pop()
            if connection.is_open:
                return connection
        return None

    async def _connect(self) -> Connection:
        try:
            async with asyncio.timeout(self._limits.connect):
                connection = await connect(self.address)
        except OSError as exc:  # a TimeoutError is one
            self.give_back()
            is_late = isinstance(exc, TimeoutError)
            self._note_failure(refused=not is_late)
            error = UpstreamTimeout("connection_timeout") if is_late else UpstreamUnavailable("connection_refused")
            error.__cause__ = exc
            raise AttemptFailed(error, sent=False) from exc
        except BaseException:
            self.give_back()
            raise
        return connection

    def _failure(self, error: AppError, connection: Connection, *, is_used: bool) -> AttemptFailed:
        answered = connection.answer.started
        stale = is_used and not answered and isinstance(error, BadGateway)
        if stale:
            self._close_idle()  # those are no better
        elif isinstance(error, BadGateway | UpstreamTimeout):
            self._note_failure()
        return AttemptFailed(error, sent=True, answered=answered, stale=stale)

    def _judge(self, connection: Connection) -> None:
        """Learn from the answer's head how the instance is. A 503 with Retry-After is its own word, and no failure."""
        answer, now = connection.answer, self._loop.time()
        status = answer.status
        if status in _BROKEN or (status == _UNAVAILABLE and not answer.has(b"retry-after")):
            self._note_failure()
        elif not answer.keep_alive and answer.has(b"connection", b"close"):
            if self.health.left(now):
                self._close_idle()
        else:
            self.health.succeeded(now)

    def _note_failure(self, *, refused: bool = False) -> None:
        if self.health.failed(self._loop.time(), refused=refused):
            self._close_idle()
            self._ejected(self)

    def _set_apart(self, connection: Connection) -> None:
        if connection in self._active:
            self._active.discard(connection)
            self._lasting.add(connection)
            self.give_back()

    def _release(self, connection: Connection) -> None:
        has_place = connection in self._active
        self._active.discard(connection)
        self._lasting.discard(connection)
        if connection.finish() and not self._retired and len(self._idle) < self._limits.idle_connections:
            connection.idle_since = self._loop.time()
            self._idle.append(connection)
        else:
            connection.close()
        if has_place:
            self.give_back()

    def sweep(self, now: float) -> None:
        """Give up what is past its time, and close what has lain idle for too long."""
        for connection in (*self._active, *self._lasting):
            connection.expire(now)
        while self._idle and (not self._idle[0].is_open or now > self._idle[0].idle_since + self._limits.idle):
            self._idle.popleft().close()

    def retire(self) -> None:
        """Take no more requests; those in flight go on."""
        self._retired = True
        self._close_idle()

    def close(self) -> None:
        self.retire()
        for connection in (*self._active, *self._lasting):
            connection.close()

    def _close_idle(self) -> None:
        while self._idle:
            self._idle.pop().close()
