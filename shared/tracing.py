"""Request ids and W3C trace context: accepted only when well-formed, made otherwise, passed on always."""

import re
from random import getrandbits
from typing import NamedTuple

REQUEST_ID = "X-Request-Id"
TRACEPARENT = "traceparent"

_REQUEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.\-]{7,63}")
_TRACEPARENT = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}")


class Trace(NamedTuple):
    """One hop: the trace it belongs to and this hop's own span (hex, W3C Trace Context)."""

    trace_id: str
    span_id: str

    @property
    def traceparent(self) -> str:
        """What the next hop is told. A caller's sampled flag never forces ours, so it says: not sampled."""
        return f"00-{self.trace_id}-{self.span_id}-00"


def request_id(received: str | None) -> str:
    """Return the caller's id when it is 8 to 64 harmless characters, else a new one."""
    if received is not None and _REQUEST_ID.fullmatch(received):
        return received
    return f"{getrandbits(128):032x}"


def continue_trace(received: str | None) -> Trace:
    """Return this hop of the caller's trace, or of a new one when the header is absent or malformed."""
    match = _TRACEPARENT.fullmatch(received) if received else None
    if match is not None:
        return Trace(match[1], f"{getrandbits(64):016x}")
    ids = f"{getrandbits(192):048x}"
    return Trace(ids[:32], ids[32:])
