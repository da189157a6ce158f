"""Where a request's time goes in the gateway, for its trace. Costs nothing while traces aren't exported."""

from time import perf_counter

from gateway.context import RequestContext
from shared.errors import InternalError
from shared.spans.recorder import recorder
from shared.tracing import Span

_VALKEY: dict[str, str | int] = {"db.system.name": "valkey"}


def begin(context: RequestContext) -> None:
    """Decide, as soon as the route is known, whether the request's trace is sampled."""
    if recorder.is_on and context.spans is None:
        context.spans = recorder.begin()
        if recorder.samples(context.method, context.route):
            context.trace = context.trace._replace(sampled=True)


def note_limit(context: RequestContext, asked: float) -> None:
    """Note that a verdict came of a burst of limit checks."""
    if context.spans is not None:
        context.spans.append(Span("limit", "client", asked, perf_counter(), _VALKEY))


def finish(context: RequestContext) -> None:
    if context.spans is None or (context.stream is not None and not context.trace.sampled):
        return  # a stream lasts as long as its client wishes, which isn't slow
    trace, now, status = context.trace, perf_counter(), context.status
    failed = status >= InternalError.status
    if not recorder.keeps(trace, now - context.started, failed=failed):
        return
    if context.called:
        told: dict[str, str | int] = {"service.target.name": context.upstream}
        context.spans.append(Span(context.upstream, "client", context.called, now, told, trace.call_id))
    own: dict[str, str | int] = {
        "http.request.method": context.method,
        "http.route": context.route,
        "http.response.status_code": status,
    }
    if context.error is not None:
        own["error.type"] = context.error.code
    span = Span(f"{context.method} {context.route}", "server", context.started, now, own, trace.span_id)
    recorder.finish(trace, span, context.spans, failed=failed)
