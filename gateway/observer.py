"""What is told of a request in the end: one line in the log and its place in the metrics."""

import time
from collections.abc import Callable

from msgspec import UNSET, UnsetType

from gateway.census import Census
from gateway.context import RequestContext
from gateway.spans import finish
from shared.logs import Line, log, loggable_path
from shared.loop_metrics import LoopHistogram
from shared.metrics import PROBLEMS, REQUEST_SECONDS, REQUESTS_IN_FLIGHT
from shared.spans.recorder import recorder

_UPSTREAM_SECONDS = LoopHistogram(
    "gateway_upstream_seconds",
    "Time that requests of clients waited for the head of a service's answer, all attempts and the queue included.",
    ("upstream",),
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
_OWN_SECONDS = LoopHistogram(
    "gateway_own_seconds",
    "Time of requests that went to a service, less the wait for the head of its answer.",
    ("lane",),
    buckets=(0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
_OWN_FAST, _OWN_SLOW = _OWN_SECONDS.labels("fast").observe, _OWN_SECONDS.labels("slow").observe
_LONGEST_PATH = 200  # characters that are logged
_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))

_NAMES = {
    "method": "http.request.method",
    "route": "http.route",
    "path": "url.path",
    "status": "http.response.status_code",
    "sent": "http.response.body.bytes",
    "duration": "event.duration",
    "request_id": "http.request.id",
    "trace_id": "trace.id",
    "span_id": "span.id",
    "parent_id": "parent.id",
    "client": "client.ip",
    "user_id": "user.id",
    "upstream": "service.target.name",
    "stream_kind": "colonnade.stream.kind",
    "stream_ended_by": "colonnade.stream.ended_by",
    "received": "http.request.body.bytes",
    "over_limit": "colonnade.limit.dry_run",
    "error_code": "error.code",
    "error_cause": "error.message",
    "share": "colonnade.sample_rate",
}


class AccessLine(Line, rename=_NAMES, gc=False):
    """`duration` is in nanoseconds, `sent` and `received` in bytes of bodies.

    `share`: of how many lines like this one is one written, by LOG_SAMPLE.
    """

    method: str
    route: str
    path: str
    status: int
    sent: int
    duration: int
    request_id: str
    trace_id: str
    span_id: str
    parent_id: str = ""
    client: str = ""
    user_id: str = ""
    upstream: str = ""
    share: float = 1.0
    stream_kind: str | UnsetType = UNSET
    stream_ended_by: str | UnsetType = UNSET
    received: int | UnsetType = UNSET
    over_limit: str | UnsetType = UNSET
    error_code: str | UnsetType = UNSET
    error_cause: str | UnsetType = UNSET


class Observer:
    """Holds the metrics' children, made once: looking one up by its labels costs more than counting."""

    def __init__(self) -> None:
        self._seconds: dict[tuple[str, str, int], Callable[[float, str], None]] = {}
        self._waits: dict[str, Callable[[float, str], None]] = {}
        self._census = Census()
        self._in_flight = 0
        REQUESTS_IN_FLIGHT.set_function(lambda: self._in_flight)

    def begin(self) -> None:
        self._in_flight += 1

    def end(self, context: RequestContext, *, fast: bool = False) -> None:
        self._in_flight -= 1
        self._census.note(context.client, context.user_id)
        seconds = time.perf_counter() - context.started
        stream = context.stream
        until_head = stream.opened - context.started if stream else seconds  # hours would drown the rest
        observe = self._seconds.get((context.method, context.route, context.status)) or self._observe(context)
        exemplar = recorder.exemplar(context.trace)
        observe(until_head, exemplar)
        if context.waited:
            wait = self._waits.get(context.upstream) or self._wait(context.upstream)
            wait(context.waited, exemplar)
            (_OWN_FAST if fast else _OWN_SLOW)(until_head - context.waited)
        if context.error is not None:
            PROBLEMS.labels(context.error.code).inc()
        share = 1.0
        if not context.trace.sampled and stream is None:
            share = log.draw(context.method, context.route, context.status, seconds)
        if share:
            log.line("info", "request", _line(context, seconds, share))
        finish(context)

    def _observe(self, context: RequestContext) -> Callable[[float, str], None]:
        method = context.method if context.method in _METHODS else "other"
        observe = REQUEST_SECONDS.labels(method, context.route, str(context.status)).observe
        if method == context.method:
            self._seconds[context.method, context.route, context.status] = observe
        return observe

    def _wait(self, upstream: str) -> Callable[[float, str], None]:
        observe = self._waits[upstream] = _UPSTREAM_SECONDS.labels(upstream).observe
        return observe


def _line(context: RequestContext, seconds: float, share: float) -> AccessLine:
    trace = context.trace
    line = AccessLine(
        message=f"{context.method} {context.route} {context.status}",
        method=context.method,
        route=context.route,
        path=loggable_path(context.path[:_LONGEST_PATH]),
        status=context.status,
        sent=context.sent,
        duration=int(seconds * 1e9),
        request_id=context.request_id,
        trace_id=trace.trace_id,
        span_id=trace.span_id,
        parent_id=trace.parent_id,
        client=context.client,
        user_id=context.user_id,
        upstream=context.upstream,
        share=share,
    )
    if context.stream is not None:
        line.stream_kind, line.stream_ended_by = context.stream.kind, context.stream.ended_by
        line.received = context.stream.received
    if context.over_limit:
        line.over_limit = context.over_limit
    if context.error is not None:
        line.error_code = context.error.code
        if context.error.__cause__ is not None:
            line.error_cause = repr(context.error.__cause__)
    return line
