"""A client's connection that costs little while nothing comes over it.

aiohttp keeps ready for each what only a request needs: a task that waits for one, a timer, a parser, which still holds
the last head, and a queue. Here the task is begun by the first request that needs it, one sweeper looks at all
connections in place of their timers, and what is idle when it comes by is put to rest: without any of these, until
the next byte.

Rests on private names of aiohttp's RequestHandler: tests/unit/gateway/downstream/test_aiohttp.py.
"""

import asyncio
from collections import deque
from typing import Any, cast

from aiohttp import web
from aiohttp.base_protocol import BaseProtocol
from aiohttp.tcp_helpers import tcp_keepalive

from gateway.downstream.answer import SILENCE
from shared.fresh_parser import fresh_parser

UNKNOWN = 0.0  # when an idle connection is to be closed; the next sweep tells: a clock's look less for each request
_NO_QUEUE = cast("deque[Any]", ())  # whoever adds to it without waking the connection fails


class Resting(web.RequestHandler):
    """`peer` is the other end's address. `_connected` is the transport, also once aiohttp has closed and dropped it.

    `_after_blank_line`: the last bytes that came ended with one, or none came yet. Then an idle connection's parser has
    nothing to remember: a head ends with its first blank line, and a request whose body isn't here isn't done with.
    """

    __slots__ = ("_after_blank_line", "_connected", "_gone_by", "peer")

    def __init__(self, server: web.Server, **options: object) -> None:
        super().__init__(server, **options)  # type: ignore[arg-type]  # aiohttp's own options, as Server gives them
        self._after_blank_line = True
        self._connected: asyncio.Transport | None = None
        self._gone_by = UNKNOWN
        self.peer = ""
        self._let_go()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Do as aiohttp does, but for the timer and the task."""
        name = transport.get_extra_info("peername")
        self.peer = str(name[0]) if isinstance(name, tuple) else ""
        BaseProtocol.connection_made(self, transport)
        self._connected = connected = cast(asyncio.Transport, transport)
        tcp_keepalive(connected)
        assert self._manager is not None
        self._manager.connection_made(self, connected)

    @property
    def is_idle(self) -> bool:
        """Whether no request is being answered, in either lane; a part of one may have come."""
        if self._messages or self._force_close:
            return False
        return self._task_handler is None or (self._waiter is not None and not self._waiter.done())

    @property
    def _has_died(self) -> bool:
        """Whether the task failed where aiohttp expects nothing to: whatever came, or will come, waits for ever."""
        return self._task_handler is not None and self._task_handler.done()

    def begin_slowly(self) -> None:
        """Have the next request answered by aiohttp's task."""
        if self._task_handler is None:
            if self._force_close:  # by `shutdown`, which waits for this answer, and a task wouldn't begin any more
                self._force_close, self._close = False, True
            self._task_handler = self._loop.create_task(self.start())
        elif self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def sweep(self, now: float) -> None:
        """Close an idle connection whose time is over, or put it to rest; cut one that can't be closed."""
        if self._connected is not None and self._connected.is_closing():
            self._cut_in_time(self._connected, now)
            return
        if self._has_died:
            self.force_close()
            return
        if not self.is_idle:
            return
        if self._next_keepalive_close_time == UNKNOWN:
            self._next_keepalive_close_time = now + self._keepalive_timeout
        elif now >= self._next_keepalive_close_time:
            self.force_close()
            return
        if self._parser is not None:
            self._rest()

    def _cut_in_time(self, closing: asyncio.Transport, now: float) -> None:
        """Cut it once what waits to be sent had its time to leave: until then it isn't closed, whoever closes it."""
        if self._gone_by == UNKNOWN:
            self._gone_by = now + SILENCE
        elif now >= self._gone_by:
            closing.abort()

    def _process_keepalive(self) -> None:
        """What aiohttp's own timer calls, which it sets after each slow request: sweeps know more, and do this."""
        self._keepalive_handle = None

    def _rest(self) -> None:
        if self._waiter is not None:
            self._waiter.cancel()
            self._waiter = self._task_handler = None
        if self._keepalive_handle is not None:
            self._keepalive_handle.cancel()
            self._keepalive_handle = None
        if self._after_blank_line and not (self._upgraded or self._reading_paused or self._buffer_paused):
            self._let_go()

    def _let_go(self) -> None:
        self._parser = None
        self._messages = _NO_QUEUE
        self._cache = {}

    def wake(self) -> None:
        """Be ready for data again."""
        self._messages = deque()
        self._parser = fresh_parser(self)
