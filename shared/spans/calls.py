"""What a call of one program to another tells of its trace, and what is noted of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

from shared.spans.recorder import MOST_SPANS
from shared.tracing import HOP, REQUEST_ID, TRACEPARENT, TRACESTATE, Span, new_span_id


@contextmanager
def calling(audience: str, method: str) -> Iterator[dict[str, str]]:
    """Yield the headers that carry on what is under way; nothing where nothing is, as in what follows a feed."""
    hop = HOP.get()
    if hop is None:
        yield {}
        return
    spans, trace = hop.spans, hop.trace
    if spans is None:
        yield _headers(hop.request_id, trace.traceparent, trace.state)
        return
    started, span_id = perf_counter(), new_span_id()
    try:
        yield _headers(hop.request_id, trace._replace(span_id=span_id).traceparent, trace.state)
    finally:
        if len(spans) < MOST_SPANS:
            told: dict[str, str | int] = {"service.target.name": audience}
            spans.append(Span(f"{method} {audience}", "client", started, perf_counter(), told, span_id))


def _headers(request_id: str, traceparent: str, state: str) -> dict[str, str]:
    told = {REQUEST_ID: request_id, TRACEPARENT: traceparent, TRACESTATE: state}
    return {name: value for name, value in told.items() if value}
