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
class RequestContext:
    """Filled in as the request's steps learn more; `headers` go into the answer whatever becomes of it."""

    method: str
    path: str
    request_id: str
    trace: Trace
    client: str = ""
    route: str = "unmatched"
    upstream: str = ""
    user_id: str = ""
    over_limit: str = ""  # the class that would have refused the request, were it no dry run
    headers: list[Header] = field(default_factory=list)
    status: int = CLIENT_GONE
    sent: int = 0
    error: AppError | None = None
    stream: Stream | None = None
    started: float = field(default_factory=time.perf_counter)


def new_context(request: web.BaseRequest) -> RequestContext:
    headers = request.headers
    path = request.raw_path.partition("?")[0]
    trace = continue_trace(headers.get(TRACEPARENT))
    return RequestContext(request.method, path, request_id(headers.get(REQUEST_ID)), trace)


class Observers:
    """Metrics' children, made once: looking one up by its labels costs more than counting."""

    def __init__(self) -> None:
        self._seconds: dict[tuple[str, str, int], Callable[[float], None]] = {}

    def begin(self) -> None:
        REQUESTS_IN_FLIGHT.inc()

    def end(self, context: RequestContext) -> None:
        REQUESTS_IN_FLIGHT.dec()
        seconds = time.perf_counter() - context.started
        until_head = (
            context.stream.opened - context.started if context.stream else seconds
        )  # hours would drown the rest
        self._observer(context)(until_head)
        log.info("request", **_fields(context, seconds))

    def _observer(self, context: RequestContext) -> Callable[[float], None]:
        key = (context.method, context.route, context.status)
        observe = self._seconds.get(key)
        if observe is None:
            method = context.method if context.method in _METHODS else "other"
            observe = REQUEST_SECONDS.labels(method, context.route, str(context.status)).observe
            if method == context.method:
                self._seconds[key] = observe
        return observe


def _fields(context: RequestContext, seconds: float) -> dict[str, object]:
    fields: dict[str, object] = {
        "http.request.method": context.method,
        "http.route": context.route,
        "url.path": loggable_path(context.path[:_LONGEST_PATH]),
        "http.response.status_code": context.status,
        "http.response.body.bytes": context.sent,
        "event.duration": int(seconds * 1e9),
        "http.request.id": context.request_id,
        "trace.id": context.trace.trace_id,
        "span.id": context.trace.span_id,
        "client.ip": context.client,
        "user.id": context.user_id,
        "upstream": context.upstream,
    }
    if context.stream is not None:
        fields["stream.kind"] = context.stream.kind
        fields["stream.ended_by"] = context.stream.ended_by
        fields["http.request.body.bytes"] = context.stream.received
    if context.over_limit:
        fields["limit.dry_run"] = context.over_limit
    if context.error is not None:
        fields["error.code"] = context.error.code
        if context.error.__cause__ is not None:
            fields["error.cause"] = repr(context.error.__cause__)
    return fields
