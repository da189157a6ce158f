"""From an admitted request to its upstream, and the answer's way back."""

import time
from collections.abc import Iterable
from typing import NamedTuple

from multidict import CIMultiDict

from gateway.authentication.identity import Assertions
from gateway.authentication.principal import Principal
from gateway.context import Header, RequestContext
from gateway.downstream.answer import Answer
from gateway.downstream.body import SMALL, RequestBody
from gateway.downstream.request import Head, Request
from gateway.edge.compression import SMALLEST, compress_for
from gateway.edge.headers import RawHeader, downstream_headers, forwarding_headers, overriding_method, upstream_headers
from gateway.edge.hosts import Hosts
from gateway.edge.websocket import Handshake
from gateway.errors import AnswerTimeout
from gateway.kernel_relay import relay
from gateway.responder import Responder
from gateway.routes.model import Route
from gateway.streaming.event_stream import is_event_stream, relay_events
from gateway.streaming.streams import Kind, Streams
from gateway.streaming.tunnel import Tunnel
from gateway.upstreams.answers import SWITCHING_PROTOCOLS
from gateway.upstreams.exchange import Exchange
from gateway.upstreams.pool import Pool
from gateway.upstreams.requests import TIMEOUT, UpstreamRequest, lines_of
from shared.errors import AppError
from shared.tracing import REQUEST_ID, TRACEPARENT, TRACESTATE, Trace

_REQUEST_ID, _TRACEPARENT, _TRACESTATE = REQUEST_ID.encode(), TRACEPARENT.encode(), TRACESTATE.encode()


class Admitted(NamedTuple):
    """Who may go on where, and by which pool; `handshake` is a WebSocket's."""

    route: Route
    pool: Pool
    principal: Principal | None
    handshake: Handshake | None = None

    @property
    def is_public(self) -> bool:
        return self.route.auth == "public"

    def may_be_compressed(self, length: int | None) -> bool:
        """Whether an answer of this length has to be looked at more closely."""
        return self.is_public and (length is None or length >= SMALLEST)


class Forwarder:
    """`hosts` are what services are told that clients reach us by, whatever those say."""

    def __init__(self, assertions: Assertions, streams: Streams, responder: Responder, hosts: Hosts) -> None:
        self._assertions = assertions
        self._streams = streams
        self._responder = responder
        self._scheme, self._hosts = hosts.scheme, hosts

    async def forward(self, request: Request, context: RequestContext, admitted: Admitted, body: RequestBody) -> Answer:
        """Answer with what the upstream answers. Raises an AppError as long as nothing has been sent to the client."""
        exchange, context.exchange = context.exchange, None
        if exchange is None:
            exchange = await self.exchange(request, context, admitted, body)
        try:
            return await self.relay(request, context, admitted, exchange)
        finally:
            await exchange.end()

    async def exchange(
        self, request: Request, context: RequestContext, admitted: Admitted, body: RequestBody
    ) -> Exchange:
        """Ask the upstream; what is returned once its answer has begun must be ended."""
        whole = await _small_body(body, admitted.route)
        upstream_request = UpstreamRequest(
            method=request.method,
            target=context.target,
            headers=self.headers(request.head, context, admitted),
            timeout=admitted.route.timeout,
            body=body.stream() if whole is None else whole,
            length=body.length if whole is None else len(whole),
            upgrade=admitted.handshake is not None,
            head_timeout=admitted.route.head_timeout,
            retries=admitted.route.retries,
            source=body if whole is None else None,
        )
        began = time.perf_counter()
        try:
            return await admitted.pool.exchange(upstream_request, context.failed)
        finally:
            context.waited += time.perf_counter() - began

    async def relay(self, request: Request, context: RequestContext, admitted: Admitted, exchange: Exchange) -> Answer:
        if exchange.status == SWITCHING_PROTOCOLS and admitted.handshake is not None:
            admitted.handshake.check_answer(exchange.headers)
            with self._streams.open(Kind.WEBSOCKET, context, admitted.principal) as stream:
                answer = self._respond(request, context, admitted, exchange)
                await answer.switch()
                tunnel = Tunnel(request, exchange, stream)
                await _run(tunnel, context, admitted.route.idle)
        elif is_event_stream(exchange) and request.method != "HEAD":
            with self._streams.open(Kind.EVENTS, context, admitted.principal) as stream:
                exchange.last(admitted.route.idle)
                answer = self._respond(request, context, admitted, exchange)
                await relay_events(exchange, answer, stream, context)
        else:
            answer = self._respond(request, context, admitted, exchange)
            await _relay(request, exchange, answer, context)
        return answer

    def _respond(self, request: Request, context: RequestContext, admitted: Admitted, exchange: Exchange) -> Answer:
        return self.respond(request, context, admitted, exchange.status, downstream_headers(exchange.headers))

    def respond(
        self, request: Request, context: RequestContext, admitted: Admitted, status: int, headers: Iterable[Header]
    ) -> Answer:
        """Return the answer with what the upstream says in `headers`, for the client to understand."""
        shown = CIMultiDict(self._responder.prefixed(headers))
        gzip = admitted.is_public and compress_for(request.method, request.headers, status, shown)
        return self._responder.answer(request, context, status, shown.items(), gzip=gzip)

    def headers(self, head: Head, context: RequestContext, admitted: Admitted) -> list[RawHeader]:
        """The client's first, stripped; ours after that, so that nothing of the client's can touch them."""
        route = admitted.route
        headers = upstream_headers(head.raw_headers, pass_credentials=route.pass_credentials)
        if route.method_override:
            headers += overriding_method(head.method, head.raw_headers, route.methods)
        if admitted.handshake is not None:
            headers += admitted.handshake.headers()
        headers += forwarding_headers(context.client, self._scheme, self._hosts.told(content=context.to_content))
        headers += (
            (b"Host", admitted.pool.authority),
            (_REQUEST_ID, context.request_id.encode()),
            *_trace_headers(context.call()),
            self._assertions.header(admitted.principal, route.upstream),
        )
        return headers

    def client_lines(self, headers: Iterable[RawHeader], address: str) -> bytes:
        """Return what is the same for all requests to PUBLIC_URL with these headers, as it goes over the wire."""
        return lines_of((*headers, *forwarding_headers(address, self._scheme, self._hosts.public)))

    def head(self, context: RequestContext, admitted: Admitted, lines: bytes) -> bytes:
        """Return a GET with the same headers as `headers` has, the client's being in `lines` already."""
        route, trace = admitted.route, context.call()
        return b"GET %b HTTP/1.1\r\n%bHost: %b\r\nX-Request-Id: %b\r\n%b%b: %b\r\n%b: %d\r\n\r\n" % (
            context.target.encode("ascii"),
            lines,
            admitted.pool.authority,
            context.request_id.encode("ascii"),
            _trace_lines(trace),
            *self._assertions.header(admitted.principal, route.upstream),
            TIMEOUT,
            int(route.timeout * 1000),
        )


def _trace_headers(trace: Trace) -> list[RawHeader]:
    headers = [(_TRACEPARENT, trace.onward.encode("ascii"))]
    return [*headers, (_TRACESTATE, trace.state.encode("ascii"))] if trace.state else headers


def _trace_lines(trace: Trace) -> bytes:
    line = b"traceparent: %b\r\n" % trace.onward.encode("ascii")
    return b"%btracestate: %b\r\n" % (line, trace.state.encode("ascii")) if trace.state else line


async def _small_body(body: RequestBody, route: Route) -> bytes | None:
    """Return a body that is here already, or small, in which case it is waited for.

    A service has only so many connections: who sends a few bytes slowly must not hold one meanwhile.
    """
    whole = body.whole()
    if whole is None and route.max_body <= SMALL:
        return await body.collect(route.timeout)
    return whole


async def _run(tunnel: Tunnel, context: RequestContext, idle: float) -> None:
    assert context.stream is not None
    try:
        await tunnel.run(idle)
    finally:
        context.sent, context.stream.received = tunnel.sent, tunnel.received


async def _relay(request: Request, exchange: Exchange, answer: Answer, context: RequestContext) -> None:
    """Pass the answer on as it comes. One that breaks off on its way breaks off for the client too."""
    try:
        if exchange.is_complete and request.method != "HEAD":
            await answer.send(await exchange.read())
        else:
            await answer.begin(exchange.length)
            await relay(exchange.source, answer)
            while data := await exchange.read():
                await answer.add(data)
            await answer.end()
    except (AppError, TimeoutError) as exc:
        context.error = exc if isinstance(exc, AppError) else AnswerTimeout()
        answer.abort()
    except Exception:
        if answer.has_begun:  # a problem document would be taken for the rest of the body
            answer.abort()
        raise
    finally:
        context.sent = answer.sent
