"""Streams that are open: WebSockets and event streams, which last until somebody ends them."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from functools import partial
from math import inf

from prometheus_client import Counter, Gauge

from gateway.authentication.principal import Credential, Principal
from gateway.authentication.revocation import Revocations
from gateway.context import RequestContext, Stream
from shared.errors import Unavailable
from shared.lifecycle import Lifecycle

CAPACITY = 10_000

_OPEN = Gauge("gateway_streams_open", "WebSockets and event streams that are open.", ("kind",))
_CLOSED = Counter("gateway_streams_closed_total", "Streams that have ended, by what ended them.", ("kind", "ended_by"))


class Kind(StrEnum):
    WEBSOCKET = "websocket"
    EVENTS = "events"


class EndedBy(StrEnum):
    CLIENT = "client"
    UPSTREAM = "upstream"
    REVOKED = "revoked"
    STOPPING = "stopping"
    IDLE = "idle"
    EXPIRED = "expired"  # its API key did
    STALLED = "stalled"  # the client took nothing


class OpenStream:
    """`ended` is done as soon as anybody wants the stream's end: the first to want it is the one who ended it."""

    def __init__(self) -> None:
        self.ended: asyncio.Future[EndedBy] = asyncio.get_running_loop().create_future()

    def end(self, by: EndedBy) -> None:
        if not self.ended.done():
            self.ended.set_result(by)

    @property
    def ended_by(self) -> EndedBy:
        """Who did; a stream that nobody has ended was left by its client."""
        return self.ended.result() if self.ended.done() else EndedBy.CLIENT


class Streams:
    """Ends a stream with its session or API key, and all of them when the process stops."""

    def __init__(self, revocations: Revocations, lifecycle: Lifecycle, capacity: int = CAPACITY) -> None:
        self._revocations = revocations
        self._lifecycle = lifecycle
        self._capacity = capacity
        self._open: set[OpenStream] = set()

    @contextmanager
    def open(self, kind: Kind, context: RequestContext, principal: Principal | None) -> Iterator[OpenStream]:
        """Raises Unavailable where no stream may begin: the process stops, or holds as many as it can."""
        if self._lifecycle.stopping or len(self._open) >= self._capacity:
            raise Unavailable("No stream can be opened here now.")
        stream = OpenStream()
        context.stream = Stream(kind, time.perf_counter())
        self._open.add(stream)
        _OPEN.labels(kind).inc()
        try:
            with self._watched(stream, principal):
                yield stream
        finally:
            self._open.discard(stream)
            context.stream.ended_by = stream.ended_by
            _OPEN.labels(kind).dec()
            _CLOSED.labels(kind, stream.ended_by).inc()

    @contextmanager
    def _watched(self, stream: OpenStream, principal: Principal | None) -> Iterator[None]:
        """End the stream with what it was opened by: a session, which outlives its tokens, or an API key.

        And with the key that signed its token, if that is withdrawn: whoever has it may have made the session up.
        """
        if principal is None:
            yield
            return
        watched, end = self._revocations.watched, partial(stream.end, EndedBy.REVOKED)
        with watched(principal.credential_id, end), watched(principal.key_id, end):
            if principal.kind is not Credential.API_KEY or principal.expires_at == inf:
                yield
                return
            left = principal.expires_at - time.time()
            expiry = asyncio.get_running_loop().call_later(left, stream.end, EndedBy.EXPIRED)
            try:
                yield
            finally:
                expiry.cancel()

    async def end_when_stopping(self) -> None:
        await self._lifecycle.stop()
        for stream in tuple(self._open):
            stream.end(EndedBy.STOPPING)


async def stopped(*tasks: asyncio.Task[EndedBy]) -> None:
    """Cancel what carried a stream, and wait until it has let go of it."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
