"""What is told of a request in the end: one line in the log, and its place in the metrics."""

import time
from collections.abc import Callable
from functools import cache

from aiohttp import web
from aiohttp.hdrs import METH_ALL

from shared.errors import InternalError
from shared.identity import Kind
from shared.logs import Line, log, loggable_path
from shared.metrics import REQUEST_SECONDS
from shared.spans.recorder import recorder
from shared.tracing import Span
from shared.web.context import RequestContext

_NAMES = {
    "method": "http.request.method",
    "route": "http.route",
    "path": "url.path",
    "status": "http.response.status_code",
    "duration": "event.duration",
    "request_id": "http.request.id",
    "trace_id": "trace.id",
    "span_id": "span.id",
    "parent_id": "parent.id",
    "user_id": "user.id",
    "share": "colonnade.sample_rate",
}


class AccessLine(Line, rename=_NAMES, gc=False):
    """`duration` is in nanoseconds. `share`: of how many lines like this one is one written, by LOG_SAMPLE."""

    method: str
    route: str
    path: str
    status: int
    duration: int
    request_id: str
    trace_id: str
    span_id: str
    parent_id: str = ""
    user_id: str = ""
    share: float = 1.0


def record(request: web.Request, context: RequestContext) -> None:
    seconds = time.perf_counter() - context.started
    route = route_template(request)
    method = request.method if request.method in METH_ALL else "other"  # a client may call it anything
    _seconds(method, route, context.outcome)(seconds, recorder.exemplar(context.trace))
    sampled = context.trace.sampled  # whose lines are all wanted
    share = 1.0 if sampled else log.draw(method, route, context.outcome, seconds)
    if share:
        log.line("info", "request", _line(request, context, route, (seconds, share)))
    if context.spans is not None:
        _finish(context, method, route)


def _line(request: web.Request, context: RequestContext, route: str, measured: tuple[float, float]) -> AccessLine:
    seconds, share = measured
    trace = context.trace
    return AccessLine(
        message=f"{request.method} {route} {context.outcome}",
        method=request.method,
        route=route,
        path=loggable_path(request.path),
        status=context.outcome,
        duration=int(seconds * 1e9),
        request_id=context.request_id,
        trace_id=trace.trace_id,
        span_id=trace.span_id,
        parent_id=trace.parent_id,
        user_id=context.identity.subject,
        share=share,
    )


def _finish(context: RequestContext, method: str, route: str) -> None:
    status, now = context.outcome, time.perf_counter()
    failed = status >= InternalError.status
    waits = context.identity.kind is Kind.SERVICE  # our own programs wait for events, which isn't slow
    if not recorder.keeps(context.trace, 0.0 if waits else now - context.started, failed=failed):
        return
    told: dict[str, str | int] = {
        "http.request.method": method,
        "http.route": route,
        "http.response.status_code": status,
    }
    own = Span(f"{method} {route}", "server", context.started, now, told, context.trace.span_id)
    recorder.finish(context.trace, own, context.spans, failed=failed)


@cache
def _seconds(method: str, route: str, status: int) -> Callable[[float, str], None]:
    """Return the metric's child: looking one up by its labels costs more than counting."""
    return REQUEST_SECONDS.labels(method, route, str(status)).observe


def route_template(request: web.Request) -> str:
    """Return `/v1/users/{user_id}` for a request's path, so that labels stay bounded."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "unmatched"
