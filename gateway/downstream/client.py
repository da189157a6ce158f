"""A client's connection with two lanes.

aiohttp answers each request in a task of its own, with objects for everything that a request might need. Most need
nothing of it: their answer is ready to be written, in one piece, a moment later. Those are let into the fast lane,
where no task waits. Any of them may still go over to the slow lane, at any moment before its answer is written.

Rests on private names of aiohttp's RequestHandler: while a request is in the fast lane, the future that its own task,
if it has one, waits on is hidden, so that what arrives meanwhile is parsed and queued, and nobody wakes to answer it
out of turn. tests/unit/gateway/downstream/test_aiohttp.py fails where a new aiohttp does this in another way.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol

from aiohttp import web
from aiohttp.http import RawRequestMessage
from aiohttp.streams import EMPTY_PAYLOAD, StreamReader

from gateway.downstream.resting import UNKNOWN, Resting
from shared.fresh_parser import fresh_parser
from shared.logs import log

_BLANK_LINE = b"\r\n\r\n"
_HEAD = b"HEAD "


class Passage(Protocol):
    """A request's way through the fast lane. It ends with the client's `leave` or `fall_back`, or by `cancel`."""

    def begin(self) -> None: ...

    def cancel(self) -> None:
        """The client is gone; perhaps after `fall_back`, whose heir will then never come."""


Enter = Callable[["Client", RawRequestMessage], Passage | None]


def no_fast_lane(_client: "Client", _head: RawRequestMessage) -> None:
    """The door of a port whose requests all have something to be told."""


class Client(Resting):
    """`refuses_head`: what the parser refused is a HEAD for all that can be seen, whose answer has no body."""

    __slots__ = (
        *("_begins_as_head", "_begun", "_body", "_enter", "_had_body", "_is_broken", "_left", "_parked", "_passage"),
        *("_unwanted", "refuses_head"),
    )

    def __init__(self, server: web.Server, enter: Enter, **options: object) -> None:
        super().__init__(server, **options)
        self._enter = enter
        self._body: StreamReader | None = None  # of the last request that came, which may still be arriving
        self._had_body = False
        self._unwanted = 0  # bytes of a body that still come, and that nobody waits for
        self._is_broken = self.refuses_head = self._begins_as_head = False
        self._parked: asyncio.Future[None] | None = None
        self._passage: Passage | None = None
        self._left: Passage | None = None  # who has left `_begun` for the slow lane
        self._begun: object = None

    def data_received(self, data: bytes) -> None:
        if self._is_broken:
            return
        if self._unwanted and not (data := self._without_unwanted(data)):
            return
        if data:
            if self._after_blank_line:
                self._begins_as_head = data.startswith(_HEAD)
            self._after_blank_line = data.endswith(_BLANK_LINE)
        waiter = self._waiter
        if self._messages or (self._task_handler is not None and (waiter is None or waiter.done())):  # not `is_idle`
            super().data_received(data)
            self._look_for_breach(data)
            return
        if self._parser is None:
            self.wake()
        self._waiter = None
        super().data_received(data)
        self._waiter = waiter
        if self._messages:
            self._look_for_breach(data)
            self._go_on()

    def begin_anew(self, body: StreamReader, left: int) -> None:
        """Have the next request parsed by a parser of its own: the last one's body went past this one, but for `left`
        bytes that nobody wants.
        """
        self._parser = fresh_parser(self)
        self._body, self._unwanted = body, left
        if not left:
            body.feed_eof()

    def _without_unwanted(self, data: bytes) -> bytes:
        dropped = min(self._unwanted, len(data))
        self._unwanted -= dropped
        if not self._unwanted and self._body is not None:
            self._body.feed_eof()
        return data[dropped:]

    def _look_for_breach(self, data: bytes) -> None:
        """After what is no HTTP nothing is: each further packet would be refused anew, and kept with its refusal.

        aiohttp puts the refusal in line behind the request whose body it broke, and that one would wait for the rest.
        """
        if not self._messages:
            return
        message, payload = self._messages[-1]
        if isinstance(message, RawRequestMessage):
            self._body = payload
            return
        self._is_broken = True
        body = self._messages[-2][1] if len(self._messages) > 1 else self._body
        if body is None or body.is_eof():
            # The parser doesn't tell of what it refuses. Of several requests in one piece it may be any.
            others = data.split(_BLANK_LINE)[1:]
            self.refuses_head = self._begins_as_head and all(not each or each.startswith(_HEAD) for each in others)
        else:
            body.set_exception(web.RequestPayloadError("The body's framing is malformed."))
            body.feed_eof()  # nobody needs to wait for more of it

    def _go_on(self) -> None:
        """Let the next request into the fast lane, or else into the slow one."""
        message, payload = self._messages[0]
        if payload is EMPTY_PAYLOAD and isinstance(message, RawRequestMessage) and not self.writing_paused:
            try:
                passage = self._enter(self, message)
            except Exception as exc:  # noqa: BLE001  the slow lane does it right, or tells of it
                log.error("fast_lane_failed", exc)
                passage = None
            if passage is not None:
                self._parked, self._waiter = self._waiter, None
                self._request_in_progress = True
                self._passage = passage
                passage.begin()
                return
        self.begin_slowly()

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        finished = await super().finish_response(request, resp, start_time)
        self._had_body = self._had_body or request.content is not EMPTY_PAYLOAD
        if self._body is not None and self._body.is_eof():
            self._body = None
        if self._had_body:
            self._read_on()
        return finished

    def _read_on(self) -> None:
        """Have the parser go on with what it may hold back, once all that it gave out is answered.

        It does so behind 16 requests that wait, and aiohttp 3.14 for ever counts one whose body came after its head
        among them (tests/integration/gateway/test_pipelining.py). Nothing else would then ask for the rest.
        """
        if not (self._messages or self._upgraded or self._reading_paused or self._parser is None):
            self.data_received(b"")

    def leave(self, answer: bytes) -> None:
        """Write the whole answer: the request is done."""
        transport = self.transport
        assert transport is not None
        transport.write(answer)
        self._messages.popleft()
        if self._parser is not None:
            self._parser.message_consumed()
        if self._buffer_paused and len(self._messages) <= self._msg_queue_resume_size:
            self._resume_reading_if_drained()
        self._end_passage()
        self._request_in_progress = False
        if self._handler_waiter is not None and not self._handler_waiter.done():
            self._handler_waiter.set_result(None)  # who stops the server has waited for this answer
        if self._close or self._force_close:
            self._stop()
            return
        self._next_keepalive_close_time = UNKNOWN
        if self._messages:
            self._go_on()
        elif self._had_body:
            self._read_on()

    def fall_back(self, begun: object) -> None:
        """Go on in the slow lane, which takes `begun`."""
        self._left, self._begun = self._passage, begun
        self._end_passage()
        self.begin_slowly()

    def take_begun(self) -> object:
        """Return what the fast lane has left of the request whose handler begins now; None if it wasn't there."""
        begun, self._left, self._begun = self._begun, None, None
        return begun

    def connection_lost(self, exc: BaseException | None) -> None:
        super().connection_lost(exc)
        left = self._left
        if left is not None:  # the slow lane's task was cancelled before it came to it
            self.take_begun()
            left.cancel()

    def force_close(self) -> None:
        passage = self._passage
        if passage is not None:
            self._end_passage()
            passage.cancel()
        super().force_close()

    def _end_passage(self) -> None:
        self._passage = None
        self._waiter, self._parked = self._parked, None

    def _stop(self) -> None:
        if self._waiter is not None:
            self._waiter.cancel()
        if self.transport is not None:
            self.transport.close()
