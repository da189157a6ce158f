"""What is known of the request being answered."""

import time
from dataclasses import dataclass, field
from ipaddress import ip_address

from aiohttp import web

from shared.identity import ANONYMOUS, Identity
from shared.spans.recorder import recorder
from shared.tracing import HOP, REQUEST_ID, TRACEPARENT, TRACESTATE, Span, Trace, continue_trace, request_id


@dataclass(slots=True)
class RequestContext:
    request_id: str
    trace: Trace
    identity: Identity = ANONYMOUS
    answered: bool = False  # the answer's head is out: a failure can't be told any more
    closes: bool = False  # the connection is of no more use after the answer, and the client is told so
    outcome: int = 499  # the status to record when no whole answer went out: the client left, unless we broke off
    started: float = field(default_factory=time.perf_counter)
    spans: list[Span] | None = None


CONTEXT = web.RequestKey("context", RequestContext)


def new_context(request: web.BaseRequest) -> RequestContext:
    """Return what is known as it begins; whatever is done for it finds it as the current hop."""
    headers = request.headers
    trace = continue_trace(headers.get(TRACEPARENT), headers.get(TRACESTATE), trusting=True)
    context = RequestContext(request_id(headers.get(REQUEST_ID)), trace, spans=recorder.begin())
    HOP.set(context)
    return context


def identity_of(request: web.Request) -> Identity:
    """Return who the request is for, as the gateway asserted."""
    return request[CONTEXT].identity


def client_address(request: web.Request) -> str:
    """Return the client's address as the gateway resolved it, or "" for a request that isn't a client's."""
    address = request.headers.get("X-Forwarded-For", "")
    try:
        return str(ip_address(address))
    except ValueError:
        return ""
