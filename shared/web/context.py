"""What is known of the request being answered."""

import time
from dataclasses import dataclass, field

from aiohttp import web

from shared.identity import ANONYMOUS, Identity
from shared.tracing import REQUEST_ID, TRACEPARENT, Trace, continue_trace, request_id


@dataclass(slots=True)
class RequestContext:
    request_id: str
    trace: Trace
    identity: Identity = ANONYMOUS
    answered: bool = False  # the answer's head is out: a failure can't be told any more
    started: float = field(default_factory=time.perf_counter)


CONTEXT = web.RequestKey("context", RequestContext)


def new_context(request: web.BaseRequest) -> RequestContext:
    headers = request.headers
    return RequestContext(request_id(headers.get(REQUEST_ID)), continue_trace(headers.get(TRACEPARENT)))


def identity_of(request: web.Request) -> Identity:
    """Return who the request is for, as the gateway asserted."""
    return request[CONTEXT].identity


def client_address(request: web.Request) -> str:
    """Return the client's address as the gateway resolved it; only asserted requests get this far."""
    return request.headers.get("X-Forwarded-For", "")
