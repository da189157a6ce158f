"""Lends database connections, a few to many. asyncpg's own pool costs more CPU than the statement it lends for:
it makes a task, two time-outs and a proxy each time.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from time import perf_counter
from typing import TYPE_CHECKING

import asyncpg
from asyncpg import Record

from shared.pool_metrics import FAILURES, LENT_SECONDS, UP, WAIT_SECONDS

if TYPE_CHECKING:
    Connection = asyncpg.Connection[Record]
else:  # it is generic in the stubs only
    Connection = asyncpg.Connection

Connect = Callable[[float], Awaitable[Connection]]  # takes the seconds that it may last

_IDLE_SECONDS = 2.0  # an idle connection costs PostgreSQL 2 to 7 MB, and a new one five milliseconds
_CLOSED = "The pool is closed."


class Pool:
    """At most `size` connections, made on first use; the last one used is the first one lent again.

    Whoever finds all of them lent waits in line for `timeout` seconds. One in line gets either a connection that came
    back, or the place of one that was lost, to make another in it.
    """

    def __init__(self, connect: Connect, size: int, timeout: float) -> None:
        self._connect = connect
        self._size = size
        self._timeout = timeout
        self._loop = asyncio.get_running_loop()
        self._idle: list[tuple[float, Connection]] = []  # since when; the longest first
        self._lent: dict[Connection, float] = {}  # since when
        self._places = 0  # taken: by connections, and by those being made
        self._line: deque[asyncio.Future[Connection | None]] = deque()
        self._closed = False
        self._all_back = asyncio.Event()
        self._sweeper: asyncio.TimerHandle | None = None

    def open_connections(self) -> int:
        return len(self._idle) + len(self._lent)

    def idle_connections(self) -> int:
        return len(self._idle)

    def waiting(self) -> int:
        return len(self._line)

    async def acquire(self) -> Connection:
        """Raises TimeoutError, InterfaceError when closed, and what connecting raises."""
        if self._closed:
            raise asyncpg.InterfaceError(_CLOSED)
        while self._idle:
            _, connection = self._idle.pop()
            if not connection.is_closed():
                self._lent[connection] = perf_counter()
                return connection
            self._places -= 1
        deadline = self._loop.time() + self._timeout
        if self._places < self._size:
            self._places += 1
        elif (received := await self._in_line(deadline)) is not None:
            return received
        return await self._make(deadline)

    def release(self, connection: Connection) -> None:
        """Take back a connection that is fit for the next; a lost one gives its place away."""
        since = self._lent.pop(connection, None)
        if since is not None:
            LENT_SECONDS.observe(perf_counter() - since)
        if self._closed:
            connection.terminate()
            self._note_all_back()
        if connection.is_closed():
            self._hand_over(None)
        else:
            self._hand_over(connection)

    async def _in_line(self, deadline: float) -> Connection | None:
        """Return a connection, or None with the place to make one in."""
        turn: asyncio.Future[Connection | None] = self._loop.create_future()
        self._line.append(turn)
        began = perf_counter()
        alarm = self._loop.call_at(deadline, _give_up, turn)
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:  # it was our turn at that moment
                self._pass_on(turn.result())
            raise
        except TimeoutError:
            FAILURES.labels("busy").inc()
            raise
        finally:
            alarm.cancel()
            WAIT_SECONDS.observe(perf_counter() - began)

    def _pass_on(self, connection: Connection | None) -> None:
        if connection is None:
            self._hand_over(None)
        else:
            self.release(connection)

    async def _make(self, deadline: float) -> Connection:
        """Make a connection in the place that the caller has taken."""
        try:
            connection = await self._connect(max(deadline - self._loop.time(), 0.0))
        except BaseException as exc:
            self._hand_over(None)
            if isinstance(exc, Exception):
                UP.set(0)
                FAILURES.labels("connect").inc()
            raise
        UP.set(1)
        self._lent[connection] = perf_counter()
        if self._closed:
            self.release(connection)
            raise asyncpg.InterfaceError(_CLOSED)
        return connection

    def _hand_over(self, connection: Connection | None) -> None:
        """Give a connection, or a place without one, to the first in line."""
        while self._line:
            turn = self._line.popleft()
            if not turn.done():
                if connection is not None:
                    self._lent[connection] = perf_counter()
                turn.set_result(connection)
                return
        if connection is None:
            self._places -= 1
            return
        self._idle.append((self._loop.time(), connection))
        if self._sweeper is None:
            self._sweeper = self._loop.call_later(_IDLE_SECONDS, self._sweep)

    def _sweep(self) -> None:
        """Close what has been idle for long, and come again when the next will have been."""
        longest = self._loop.time() - _IDLE_SECONDS
        while self._idle and (self._idle[0][0] <= longest or self._idle[0][1].is_closed()):
            _, connection = self._idle.pop(0)
            connection.terminate()
            self._places -= 1
        rest = self._idle[0][0] - longest if self._idle else 0.0
        self._sweeper = self._loop.call_later(rest, self._sweep) if self._idle else None

    def _note_all_back(self) -> None:
        if not self._lent:
            self._all_back.set()

    async def close(self) -> None:
        """Lend no more, and end all connections; those lent get `timeout` seconds to come back."""
        self._closed = True
        self._note_all_back()
        if self._sweeper is not None:
            self._sweeper.cancel()
        for turn in self._line:
            if not turn.done():
                turn.set_exception(asyncpg.InterfaceError(_CLOSED))
        self._line.clear()
        deadline = self._loop.time() + self._timeout
        farewells = [connection.close(timeout=self._timeout) for _, connection in self._idle]
        self._idle.clear()
        await asyncio.gather(*farewells, return_exceptions=True)  # one that fails has dropped its connection
        with suppress(TimeoutError):
            async with asyncio.timeout_at(deadline):
                await self._all_back.wait()
        for connection in tuple(self._lent):
            connection.terminate()


def _give_up(turn: asyncio.Future[Connection | None]) -> None:
    if not turn.done():
        turn.set_exception(TimeoutError("no connection came back in time"))
