"""What is known of the request being answered."""

import time
from dataclasses import dataclass, field
from ipaddress import ip_address

from aiohttp import web

from shared.identity import ANONYMOUS, Identity
from shared.tracing import REQUEST_ID, TRACEPARENT, Trace, continue_trace, request_id


@dataclass(slots=True)
class RequestContext:
    request_id: str
    trace: Trace
    identity: Identity = ANONYMOUS
    answered: bool = False  # the answer's head is out: a failure can't be told any more
    outcome: int = 499  # the status to record when no whole answer went out: the client left, unless we broke off
    started: float = field(default_factory=time.perf_counter)


CONTEXT = web.RequestKey("context", RequestContext)


def new_context(request: web.BaseRequest) -> RequestContext:
    headers = request.headers
    return RequestContext(request_id(headers.get(REQUEST_ID)), continue_trace(headers.get(TRACEPARENT)))


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
