"""What is known of one request, and what is told of it in the end: one log line and the metrics."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import web

from shared.errors import AppError
from shared.logs import log, loggable_path
from shared.metrics import REQUEST_SECONDS, REQUESTS_IN_FLIGHT
from shared.tracing import REQUEST_ID, TRACEPARENT, Trace, continue_trace, request_id

CLIENT_GONE = 499  # nginx's name for a client that didn't wait for its answer
_LONGEST_PATH = 200  # characters that are logged
_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))

Header = tuple[str, str]


@dataclass(slots=True)
class Stream:
    """A WebSocket or an event stream. `opened` is when its head was sent, `received` the client's bytes since."""

    kind: str
    opened: float
    ended_by: str = "client"
    received: int = 0


@dataclass(slots=True)
class Visit:
    """Filled in as the request's steps learn more; `headers` go into the answer whatever becomes of it."""

    method: str
    path: str
    request_id: str
    trace: Trace
    client: str = ""
    route: str = "unmatched"
    upstream: str = ""
    user_id: str = ""
    headers: list[Header] = field(default_factory=list)
    status: int = CLIENT_GONE
    sent: int = 0
    error: AppError | None = None
    stream: Stream | None = None
    started: float = field(default_factory=time.perf_counter)


def new_visit(request: web.BaseRequest) -> Visit:
    headers = request.headers
    path = request.raw_path.partition("?")[0]
    trace = continue_trace(headers.get(TRACEPARENT))
    return Visit(request.method, path, request_id(headers.get(REQUEST_ID)), trace)


class Observers:
    """Metrics' children, made once: looking one up by its labels costs more than counting."""

    def __init__(self) -> None:
        self._seconds: dict[tuple[str, str, int], Callable[[float], None]] = {}

    def begin(self) -> None:
        REQUESTS_IN_FLIGHT.inc()

    def end(self, visit: Visit) -> None:
        REQUESTS_IN_FLIGHT.dec()
        seconds = time.perf_counter() - visit.started
        until_head = visit.stream.opened - visit.started if visit.stream else seconds  # hours would drown the rest
        self._observer(visit)(until_head)
        log.info("request", **_fields(visit, seconds))

    def _observer(self, visit: Visit) -> Callable[[float], None]:
        key = (visit.method, visit.route, visit.status)
        observe = self._seconds.get(key)
        if observe is None:
            method = visit.method if visit.method in _METHODS else "other"
            observe = REQUEST_SECONDS.labels(method, visit.route, str(visit.status)).observe
            if method == visit.method:
                self._seconds[key] = observe
        return observe


def _fields(visit: Visit, seconds: float) -> dict[str, object]:
    fields: dict[str, object] = {
        "http.request.method": visit.method,
        "http.route": visit.route,
        "url.path": loggable_path(visit.path[:_LONGEST_PATH]),
        "http.response.status_code": visit.status,
        "http.response.body.bytes": visit.sent,
        "event.duration": int(seconds * 1e9),
        "http.request.id": visit.request_id,
        "trace.id": visit.trace.trace_id,
        "span.id": visit.trace.span_id,
        "client.ip": visit.client,
        "user.id": visit.user_id,
        "upstream": visit.upstream,
    }
    if visit.stream is not None:
        fields["stream.kind"] = visit.stream.kind
        fields["stream.ended_by"] = visit.stream.ended_by
        fields["http.request.body.bytes"] = visit.stream.received
    if visit.error is not None:
        fields["error.code"] = visit.error.code
        if visit.error.__cause__ is not None:
            fields["error.cause"] = repr(visit.error.__cause__)
    return fields
