"""Sends spans to an OTLP/HTTP receiver from a thread of its own. The one module that loads OpenTelemetry.

Whatever the receiver does, nobody waits for it: what doesn't fit the bounded queue is dropped and counted.
"""

import logging
import queue
import threading
import time
from collections.abc import Mapping, Sequence

from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags
from opentelemetry.trace.span import TraceState

from shared import VERSION
from shared.logs import log
from shared.settings import TraceSettings
from shared.spans.metrics import SPANS_DROPPED, SPANS_EXPORTED
from shared.spans.recorder import Finished
from shared.tracing import Span, Trace, new_span_id

_QUEUE_SIZE = 2_000  # hops
_BATCH = 200  # hops
_GATHERING = 5.0  # seconds: a batch costs the same, whatever is in it
_TIMEOUT = 5.0  # seconds for one batch, with what the exporter tries again

_KINDS = {"server": SpanKind.SERVER, "client": SpanKind.CLIENT, "consumer": SpanKind.CONSUMER}
_FLAGS = TraceFlags(TraceFlags.SAMPLED)


class OtlpExporter(threading.Thread):
    """Takes hops from a bounded queue, makes OpenTelemetry's spans of them, and sends those in batches."""

    def __init__(self, service: str, settings: TraceSettings) -> None:
        super().__init__(name="trace-exporter", daemon=True)
        self._queue: queue.SimpleQueue[Finished | None] = queue.SimpleQueue()
        self._ended = threading.Event()
        self._builder = SpanBuilder(service)
        self._lost = False
        self._otlp = OTLPSpanExporter(
            endpoint=f"{settings.endpoint}/v1/traces",
            headers=settings.header_pairs(),
            timeout=_TIMEOUT,
            compression=Compression.Gzip,
        )
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)  # one line when it is lost says it all: `_tell`
        logging.getLogger("urllib3").setLevel(logging.CRITICAL)

    def put(self, finished: Finished) -> None:
        if self._queue.qsize() >= _QUEUE_SIZE:
            SPANS_DROPPED.inc(1 + len(finished.spans))
            return
        self._queue.put(finished)

    def run(self) -> None:
        while (first := self._queue.get()) is not None:
            self._ended.wait(_GATHERING)
            more = min(self._queue.qsize(), _BATCH)
            batch = [first, *(self._queue.get() for _ in range(more))]
            self._send([each for each in batch if each is not None])
            if None in batch:
                return

    def close(self, timeout: float) -> None:
        """Send what is queued, waiting `timeout` seconds at most."""
        self._queue.put(None)
        self._ended.set()
        self.join(timeout)
        self._otlp.shutdown()  # type: ignore[no-untyped-call]

    def _send(self, batch: Sequence[Finished]) -> None:
        spans = self._builder.build(batch)
        try:
            well = self._otlp.export(spans) is SpanExportResult.SUCCESS
        except Exception:  # noqa: BLE001  whatever it was, the next batch gets its chance
            well = False
        (SPANS_EXPORTED if well else SPANS_DROPPED).inc(len(spans))
        if well is self._lost:
            self._lost = not well
            log.write("info" if well else "warning", "trace_receiver_returned" if well else "trace_receiver_lost", {})


class SpanBuilder:
    def __init__(self, service: str) -> None:
        self._resource = Resource(
            {"service.name": service, "service.version": VERSION, "service.namespace": "colonnade"}
        )
        self._scope = InstrumentationScope("colonnade", VERSION)

    def build(self, batch: Sequence[Finished]) -> list[ReadableSpan]:
        offset = time.time() - time.perf_counter()
        return [span for finished in batch for span in self._of_hop(finished, offset)]

    def _of_hop(self, finished: Finished, offset: float) -> list[ReadableSpan]:
        trace, own = finished.trace, finished.own
        if finished.kept_for:
            own = own._replace(attributes={**own.attributes, "colonnade.kept_for": finished.kept_for})
        spans = [self._span(trace, own, offset, parent_id=trace.parent_id, failed=finished.failed)]
        return spans + [self._span(trace, each, offset, parent_id=trace.span_id) for each in finished.spans]

    def _span(self, trace: Trace, span: Span, offset: float, *, parent_id: str, failed: bool = False) -> ReadableSpan:
        state = TraceState.from_header([trace.state]) if trace.state else None
        attributes: Mapping[str, str | int] = span.attributes
        return ReadableSpan(
            name=span.name,
            context=_context(trace.trace_id, span.span_id or new_span_id(), state),
            parent=_context(trace.trace_id, parent_id, None, is_remote=True) if parent_id else None,
            resource=self._resource,
            attributes=attributes,
            kind=_KINDS[span.kind],
            status=Status(StatusCode.ERROR) if failed else Status(StatusCode.UNSET),
            start_time=int((span.started + offset) * 1e9),
            end_time=int((span.ended + offset) * 1e9),
            instrumentation_scope=self._scope,
        )


def _context(trace_id: str, span_id: str, state: TraceState | None, *, is_remote: bool = False) -> SpanContext:
    return SpanContext(int(trace_id, 16), int(span_id, 16), is_remote, _FLAGS, state)
