"""What is known of one request."""

import time
from dataclasses import dataclass, field

from gateway.downstream.request import Head
from gateway.limits.verdict import Verdict
from gateway.upstreams.exchange import Exchange
from gateway.upstreams.pool import Failed
from shared.errors import AppError
from shared.tracing import REQUEST_ID, TRACEPARENT, TRACESTATE, Span, Trace, continue_trace, request_id

CLIENT_GONE = 499  # nginx's name for a client that didn't wait for its answer

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
    """Filled in as the request's steps learn more; `headers` go into the answer whatever becomes of it.

    `sign_in` is where a browser is led that nobody is signed in with, on routes that have such a place.
    `plain`: it came without TLS where PUBLIC_URL has it. `to_content`: it came to the host of what people have stored.
    `verdict`, and `exchange` or `failed`, are there before their step where the request comes from the fast lane.
    """

    method: str
    path: str
    request_id: str
    trace: Trace
    plain: bool = False
    to_content: bool = False
    target: str = ""  # path and query, as the upstream gets it
    client: str = ""
    route: str = "unmatched"
    sign_in: str = ""
    upstream: str = ""
    waited: float = 0.0  # seconds for the head of the upstream's answer
    user_id: str = ""
    over_limit: str = ""  # the class that would have refused the request, were it no dry run
    headers: list[Header] = field(default_factory=list)
    status: int = CLIENT_GONE
    sent: int = 0
    error: AppError | None = None
    stream: Stream | None = None
    verdict: Verdict | None = None
    exchange: Exchange | None = None
    failed: Failed | None = None
    started: float = field(default_factory=time.perf_counter)
    spans: list[Span] | None = None
    called: float = 0.0  # when the upstream was, where that is noted

    def call(self) -> Trace:
        """Return the trace to tell the upstream of, which is called now."""
        if self.spans is not None:
            self.called = time.perf_counter()
        return self.trace


def new_context(head: Head) -> RequestContext:
    headers = head.headers
    path = head.path.partition("?")[0]
    trace = continue_trace(headers.get(TRACEPARENT), headers.get(TRACESTATE))
    return RequestContext(head.method, path, request_id(headers.get(REQUEST_ID)), trace)
