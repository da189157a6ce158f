"""Request ids and W3C trace context: accepted only when well-formed, made otherwise, passed on always.

`HOP` is what this process is doing now for whom: a request, a job or an event. What it calls, stores for later or logs
takes its ids from there.
"""

import re
from contextvars import ContextVar
from random import getrandbits
from typing import NamedTuple, Protocol

REQUEST_ID = "X-Request-Id"
TRACEPARENT = "traceparent"
TRACESTATE = "tracestate"

_REQUEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.\-]{7,63}")
_TRACEPARENT = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})")
_LONGEST_STATE = 512  # characters, which all have to pass on; longer ones may be dropped
_TRACESTATE = re.compile(r"[a-z0-9][a-z0-9_\-*/@]*=[\x20-\x2b\x2d-\x3c\x3e-\x7e]+(,[\t\x20-\x2b\x2d-\x7e]*){0,31}")
_SAMPLED = 0x01
_ALL_SPANS = (1 << 64) - 2  # even ones
_CALL = dict(zip("02468ace", "13579bdf", strict=True))


class Trace(NamedTuple):
    """One hop: the trace it belongs to and this hop's own span (hex, W3C Trace Context).

    `parent_id` is the span that called, empty where the trace begins. `sampled`: its spans are exported, as was decided
    where the request came in. `state` is what others carry along in tracestate.
    """

    trace_id: str
    span_id: str
    parent_id: str = ""
    sampled: bool = False
    state: str = ""

    @property
    def traceparent(self) -> str:
        """What is told to whatever this hop's span is the parent of."""
        return f"00-{self.trace_id}-{self.span_id}-{'01' if self.sampled else '00'}"

    @property
    def call_id(self) -> str:
        """The span of the one call that a hop of the gateway makes: the odd number after its own, which is even.

        So it needs neither random bits nor a line in the log, and whoever reads logs finds its parent nevertheless.
        """
        return self.span_id[:-1] + _CALL.get(self.span_id[-1], self.span_id[-1])

    @property
    def onward(self) -> str:
        """What the gateway tells the upstream: that its call is the parent."""
        return f"00-{self.trace_id}-{self.call_id}-{'01' if self.sampled else '00'}"


class Hop(Protocol):
    """Whatever is done for somebody. `spans` collects what of it took time; none where nobody wants to know."""

    @property
    def request_id(self) -> str: ...

    @property
    def trace(self) -> Trace: ...

    @property
    def spans(self) -> "list[Span] | None": ...


class Span(NamedTuple):
    """A stretch of a hop, by `time.perf_counter`. `kind` is OpenTelemetry's, `span_id` empty for any."""

    name: str
    kind: str
    started: float
    ended: float
    attributes: dict[str, str | int]
    span_id: str = ""


HOP: ContextVar[Hop | None] = ContextVar("hop", default=None)


def current_traceparent() -> str | None:
    """Return what goes on in the trace that is under way is told of it; None where nothing is."""
    hop = HOP.get()
    return None if hop is None else hop.trace.traceparent


def request_id(received: str | None) -> str:
    """Return the caller's id when it is 8 to 64 harmless characters, else a new one."""
    if received is not None and _REQUEST_ID.fullmatch(received):
        return received
    return f"{getrandbits(128):032x}"


def continue_trace(received: str | None, state: str | None = None, *, trusting: bool = False) -> Trace:
    """Return this hop of the caller's trace, or of a new one when the header is absent or malformed.

    A stranger's sampled flag never forces ours: it counts only where the caller is one of our programs (`trusting`).
    """
    match = _TRACEPARENT.fullmatch(received) if received else None
    if match is None:
        ids = f"{getrandbits(191) << 1:048x}"
        return Trace(ids[:32], ids[32:])
    sampled = trusting and bool(int(match[3], 16) & _SAMPLED)
    return Trace(match[1], new_span_id(), match[2], sampled, _well_formed(state) if state else "")


def new_span_id() -> str:
    return f"{getrandbits(64) & _ALL_SPANS:016x}"


def own_span_of(span_id: str) -> str:
    """Return the span of the hop that made this call, or the id itself where it is a hop's own."""
    return f"{int(span_id, 16) & _ALL_SPANS:016x}"


def _well_formed(state: str) -> str:
    return state if len(state) <= _LONGEST_STATE and _TRACESTATE.fullmatch(state) else ""
