"""What becomes of spans."""

from prometheus_client import Counter

SPANS_EXPORTED = Counter("trace_spans_exported_total", "Spans that the receiver took.")
SPANS_DROPPED = Counter("trace_spans_dropped_total", "Spans lost because the receiver is away or too slow.")
