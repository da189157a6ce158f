"""Spans of what this process does, handed to a thread that exports them; inert, and for nothing, unless it is started.

While it is on, every hop notes where its time goes, in tuples. In the end those are kept whose trace was sampled where
it came in, and beside them whatever failed or was slow here: that is only known then. The rest is dropped.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from random import random
from time import perf_counter
from typing import NamedTuple, Protocol

from shared.sampling import Rules
from shared.tracing import HOP, Span, Trace, continue_trace

MOST_SPANS = 200  # of one hop; a request that runs more statements than that is told by the first ones


class Finished(NamedTuple):
    """A hop with all that was noted of it. `kept_for` is why it is kept beside the sample."""

    trace: Trace
    own: Span
    spans: list[Span]
    failed: bool
    kept_for: str = ""


class Exporter(Protocol):
    def put(self, finished: Finished) -> None: ...

    def close(self, timeout: float) -> None: ...


class Recorder:
    """`is_on` says whether anybody wants to know; then hops carry a list for their spans."""

    def __init__(self) -> None:
        self.is_on = False
        self._exporter: Exporter | None = None
        self._rules = Rules()
        self._shares: dict[tuple[str, str], float] = {}

    def start(self, rules: Rules, exporter: Exporter) -> None:
        self._rules, self._exporter, self._shares, self.is_on = rules, exporter, {}, True

    def close(self, timeout: float = 2.0) -> None:
        exporter, self._exporter, self.is_on = self._exporter, None, False
        if exporter is not None:
            exporter.close(timeout)

    def exemplar(self, trace: Trace) -> str:
        """Return the trace's id as metrics show it: whoever follows it finds its spans, or its lines."""
        return trace.trace_id if trace.sampled or not self.is_on else ""

    def begin(self) -> list[Span] | None:
        """Return where a hop notes its spans."""
        return [] if self.is_on else None

    def samples(self, method: str, route: str) -> bool:
        """Decide on a trace, where a request has come in from outside; `route` is one of a bounded number."""
        share = self._shares.get((method, route))
        if share is None:
            share = self._shares[method, route] = self._rules.share(method, route)
        return share > 0.0 and random() < share  # noqa: S311  no secret

    def keeps(self, trace: Trace, seconds: float, *, failed: bool) -> bool:
        """Whether a hop that took so long is to be kept: to be asked before anything is made of it, as few are."""
        return trace.sampled or failed or seconds >= self._rules.slow

    def finish(self, trace: Trace, own: Span, spans: list[Span] | None, *, failed: bool) -> None:
        """Take the hop that `own` tells of, if it is to be kept."""
        if self._exporter is None or spans is None:
            return
        if self.keeps(trace, own.ended - own.started, failed=failed):
            kept_for = "" if trace.sampled else "failure" if failed else "slow"
            self._exporter.put(Finished(trace, own, spans, failed, kept_for))


recorder = Recorder()


@dataclass(slots=True)
class Errand:
    """A job or an event: what is done later for a request, in its trace."""

    trace: Trace
    spans: list[Span] | None
    request_id: str = ""
    failed: bool = False  # or ended by an exception, which says so itself


@contextmanager
def errand(name: str, traceparent: str | None) -> Iterator[Errand]:
    """Do something in the trace of the request that has asked for it, or in one of its own."""
    trace = continue_trace(traceparent, trusting=True)
    hop = Errand(trace, recorder.begin())
    started, token = perf_counter(), HOP.set(hop)
    try:
        yield hop
    except Exception:
        hop.failed = True
        raise
    finally:
        HOP.reset(token)
        own = Span(name, "consumer", started, perf_counter(), {}, trace.span_id)
        recorder.finish(trace, own, hop.spans, failed=hop.failed)
