"""One connection to an upstream: one exchange at a time, with back-pressure in both directions.

A connection never raises into the event loop: what goes wrong is kept, and raised to whoever waits next.
"""

import asyncio
from collections.abc import Awaitable, Callable
from math import inf
from typing import cast

from gateway.errors import BadGateway, RequestTimeout, UpstreamTimeout
from gateway.kernel_relay import Lent
from gateway.upstreams.answers import AnswerParser, BadAnswer
from gateway.upstreams.requests import UpstreamRequest
from shared.errors import AppError

HIGH_WATER = 256 * 1024  # bytes of an answer that wait for a slow client before we stop reading more
_UNSENT = (
    16_384  # bytes of a request that wait for a slow upstream before we stop reading more: the kernel holds enough
)


class Connection(asyncio.Protocol):
    """Its two clocks, for the upstream's silence and for the whole exchange, are looked at by the pool's sweep."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._transport: asyncio.Transport | None = None
        self._reader: asyncio.Future[None] | None = None  # waits for a head or for body bytes
        self._writer: asyncio.Future[None] | None = None  # waits until the upstream takes more bytes
        self._on_ready: Callable[[], None] | None = None
        self._lent: set[Lent] = set()  # to whom waits for the socket itself
        self.failure: AppError | None = None
        self._busy = False
        self._was_reset = False
        self._reading_paused = False
        self.writing_paused = False
        self._client_turn = False
        self.answer = AnswerParser()
        self._head_silence = self._silence = self._silent_until = self._end = inf
        self.idle_since = 0.0

    @property
    def is_open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def require_open(self) -> None:
        """Raises ConnectionResetError where it is over before its first request: nothing would ever tell that one."""
        if not self.is_open:
            raise ConnectionResetError("The connection was reset before anything was sent.")

    def start(self, data: bytes, request: UpstreamRequest, deadline: float) -> None:
        """Send `data`, the request or its beginning; all must be over at `deadline`, in loop time."""
        self.answer.expect(to_head=request.method == "HEAD", to_upgrade=request.upgrade)
        self._busy = True
        self._client_turn = False
        self._head_silence, self._silence = request.head_timeout, request.silence
        self._end = deadline
        self.write(data)

    def write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)

    async def drain(self) -> None:
        """Wait until the upstream has taken enough of what was written. Returns at once on a closed connection."""
        if self.writing_paused and self.is_open:
            self._writer = self._loop.create_future()
            await self._writer

    @property
    def transport_to_lend(self) -> asyncio.Transport | None:
        return None if self._lent else self._transport

    async def write_out(self, data: bytes) -> None:
        """Write, and return once nothing waits to be sent. Raises ConnectionResetError where that can't be."""
        self.write(data)
        if self._transport is not None:
            self._transport.set_write_buffer_limits(0)
        await self.drain()
        if self._transport is None or self._transport.is_closing() or self._transport.get_write_buffer_size():
            raise ConnectionResetError("The upstream is gone.")
        self._transport.set_write_buffer_limits(_UNSENT)

    async def watch(self, lent: Lent, wait: Callable[[], Awaitable[None]]) -> None:
        """Wait for the socket, which is the upstream's turn. Raises what the exchange fails by meanwhile."""
        self._lent.add(lent)
        self._start_clock()
        try:
            await wait()
        finally:
            self._lent.discard(lent)
            if not self._lent:
                self._silent_until = inf
        if self.failure is not None:
            raise self.failure

    def halt(self) -> bytes:
        """Read no more, and return what is here of the answer's body."""
        if self._transport is not None:
            self._transport.pause_reading()
        self._reading_paused = True
        return self.answer.take()

    def go_on(self, taken: int) -> None:
        """Read on: so many bytes of the body went past us. If they weren't the last, it has broken off there."""
        if taken:
            self.answer.pass_over(taken)
            if not self.answer.complete:
                self.close()
        self._resume_reading()

    def note_reset(self) -> None:
        """The socket was found broken: what looks like the answer's end from now on isn't its end."""
        self._was_reset = True

    def last(self, silence: float) -> None:
        self._end, self._silence = inf, silence

    def await_client(self) -> None:
        """The upstream can't go on before the client does: its clock stands still."""
        self._client_turn = True
        self._silent_until = inf

    def await_upstream(self) -> None:
        """The upstream has everything that there is for now: its clock starts again."""
        self._client_turn = False
        self._start_clock()

    def when_ready(self, on_ready: Callable[[], None]) -> None:
        """Have `on_ready` called once: when all of a short answer is here, or the head of another, or it failed."""
        self._on_ready = on_ready
        self._start_clock()

    async def wait_for_head(self) -> None:
        """Return once the answer's head is in. Raises BadGateway, or what `fail` was given."""
        self._start_clock()
        while self.failure is None and not self.answer.status:
            await self._wait()
        if self.failure is not None:
            raise self.failure
        self._silent_until = inf

    async def read(self) -> bytes:
        """Return the next bytes of the answer's body, at its end nothing. Raises as `wait_for_head` does."""
        answer = self.answer
        if not answer.buffered and not answer.complete:
            self._start_clock()
            while not answer.buffered and not answer.complete:
                if self.failure is not None:
                    raise self.failure
                await self._wait()
            self._silent_until = inf
        data = answer.take()
        self._resume_reading()
        return data

    def finish(self) -> bool:
        """End the exchange; whether another may follow on this connection: not while an unread body holds it up."""
        self._busy = False
        self._reader = self._on_ready = None
        self._silent_until = inf
        answer = self.answer
        return self.failure is None and answer.complete and not answer.buffered and answer.keep_alive and self.is_open

    def fail(self, error: AppError) -> None:
        """Give the exchange up: the first error is what its waiters are told."""
        if self.failure is None:
            self.failure = error
        self.close()
        self._wake()

    def expire(self, now: float) -> None:
        """Give the exchange up if one of its clocks has run out at `now`, in loop time."""
        if now > self._silent_until:
            self.fail(UpstreamTimeout("http_response_timeout"))
        elif now > self._end:
            self.fail(RequestTimeout() if self._client_turn else UpstreamTimeout("http_response_timeout"))

    def close(self) -> None:
        """Drop the connection with whatever is still unsent."""
        if self._transport is not None:
            self._transport.abort()

    def _start_clock(self) -> None:
        if not self._client_turn:
            silence = self._silence if self.answer.status else self._head_silence
            self._silent_until = self._loop.time() + silence

    async def _wait(self) -> None:
        self._reader = self._loop.create_future()
        try:
            await self._reader
        finally:
            self._reader = None

    def _wake(self) -> None:
        for waiter in (self._reader, self._writer):
            if waiter is not None and not waiter.done():
                waiter.set_result(None)
        for lent in self._lent:
            lent.wake()
        self._tell_ready()

    def _tell_ready(self) -> None:
        on_ready, answer = self._on_ready, self.answer
        if on_ready is None:
            return
        if self.failure or answer.complete or (answer.status and not answer.is_short):
            self._on_ready, self._silent_until = None, inf
            on_ready()
        elif answer.status:
            self._start_clock()  # what follows the head has a time of its own

    def _resume_reading(self) -> None:
        if self._reading_paused and self._transport is not None and not self._transport.is_closing():
            self._reading_paused = False
            self._transport.resume_reading()

    # What the event loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(_UNSENT)

    def data_received(self, data: bytes) -> None:
        if not self._busy:  # nobody asked: a reply to nothing, which the next request must never be given
            self.close()
            return
        try:
            self.answer.feed(data)
        except BadAnswer as exc:
            self.fail(BadGateway(exc.error))
            return
        if self.answer.buffered > HIGH_WATER and not self._reading_paused and self._transport is not None:
            self._reading_paused = True
            self._transport.pause_reading()
        if self._reader is None:
            self._tell_ready()
        elif self.answer.status and not self._reader.done():
            self._reader.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self._busy and self.failure is None and not self.answer.complete:
            self._end_answer(reset=exc is not None or self._was_reset)
        self._wake()

    def _end_answer(self, *, reset: bool) -> None:
        try:
            self.answer.end(reset=reset)
        except BadAnswer as exc:
            self.fail(BadGateway(exc.error))

    def pause_writing(self) -> None:
        self.writing_paused = True

    def resume_writing(self) -> None:
        self.writing_paused = False
        if self._writer is not None and not self._writer.done():
            self._writer.set_result(None)
