"""The fast lane: a GET with a token that was verified before, whose service answers in one piece.

The steps are those of proxy.py, by the same functions, but nobody waits: each step is called by what it depends on.
Whatever isn't plain goes over to the slow lane, before anything was done for it or with what has been found out by
then. Only the slow lane refuses a request, or tells of a failure.
"""

from prometheus_client import Counter

from gateway.context import CLIENT_GONE, RequestContext, new_context
from gateway.downstream.client import Client
from gateway.downstream.request import Head
from gateway.edge.client_address import subject
from gateway.forwarding import Admitted
from gateway.limits.decision import decide
from gateway.limits.headers import limit_headers
from gateway.limits.policy import LimitClass
from gateway.limits.valkey import Call
from gateway.limits.verdict import Verdict
from gateway.proxy import Components
from gateway.routes.model import LOCAL, Route
from gateway.upstreams.pool import Started
from gateway.upstreams.requests import UpstreamRequest
from shared.errors import AppError
from shared.lifecycle import Lifecycle
from shared.logs import log

_TAKEN = Counter("gateway_fast_lane_requests", "Requests let into the fast lane, by where they were answered.", ("in",))
_ANSWERED, _FELL_BACK = _TAKEN.labels("fast_lane"), _TAKEN.labels("slow_lane")
_HTTP_1_1 = (1, 1)
_UNUSUAL = ("Expect", "Content-Length", "Cookie")  # these have a say in more than this lane looks at


class FastLane:
    def __init__(self, components: Components, lifecycle: Lifecycle) -> None:
        self.components = components
        self._lifecycle = lifecycle

    def enter(self, client: Client, head: Head) -> "Passage | None":
        """Take the steps that need no waiting; None if the request isn't for this lane."""
        if not _is_plain(head) or self._lifecycle.stopping:
            return None
        it = self.components
        context = new_context(head)
        try:
            routing = it.reception.receive(head, client.peer, context)
            route = it.reception.route(head, routing, context)
        except AppError:
            return None
        if _is_kept_out(context, route):
            return None
        principal = None
        if route.auth != "public":
            authorization = head.headers.getall("Authorization", ())
            principal = it.authenticator.recall(route.auth, authorization[0]) if len(authorization) == 1 else None
            if principal is None:
                return None
            context.user_id = principal.user_id
        admitted = Admitted(route, routing.pools[route.upstream], principal)
        return Passage(it, client, head, context, (admitted, routing.limits[route.limit]))


def _is_plain(head: Head) -> bool:
    if head.method != "GET" or head.version != _HTTP_1_1 or head.should_close or head.upgrade or head.chunked:
        return False
    headers = head.headers
    for name in _UNUSUAL:  # noqa: SIM110  half the cost of `any`, for every request
        if name in headers:
            return False
    return True


def _is_kept_out(context: RequestContext, route: Route) -> bool:
    """Whether more is to be done for the request than this lane knows of."""
    keeps = route.cache is not None and route.cache.keeps
    return context.plain or keeps or route.websocket or route.upstream == LOCAL


class Passage:
    """One request's way. Exactly one of `_leave`, `_fall_back` and `cancel` ends it."""

    __slots__ = ("_admitted", "_client", "_context", "_head", "_holds", "_is_over", "_it", "_limit", "_started")

    def __init__(
        self,
        components: Components,
        client: Client,
        head: Head,
        context: RequestContext,
        admitted: tuple[Admitted, LimitClass],
    ) -> None:
        self._it = components
        self._client = client
        self._head = head
        self._context = context
        self._admitted, self._limit = admitted
        self._started: Started | None = None
        self._holds = False
        self._is_over = False

    def begin(self) -> None:
        """Have it counted."""
        self._it.observer.begin()
        context, limit = self._context, self._limit
        whom = limit.subject(subject(context.client), context.user_id)
        self._it.limiter.submit(Call(limit, whom, self._admitted.route.cost), self._forward)

    def _forward(self, verdict: Verdict) -> None:
        if self._is_over:
            return
        self._context.verdict = verdict
        try:
            self._start(verdict)
        except Exception as exc:  # noqa: BLE001  nobody else would notice, and the client would wait for ever
            self._give_up(exc)

    def _start(self, verdict: Verdict) -> None:
        context, route = self._context, self._admitted.route
        if not verdict.allowed or not self._acquire():
            self._fall_back()
            return
        request = UpstreamRequest(
            method="GET",
            target=context.target,
            headers=self._it.forwarder.headers(self._head, context, self._admitted),
            timeout=route.timeout,
            head_timeout=route.head_timeout,
            retries=route.retries,
        )
        self._started = self._admitted.pool.start(request, self._answer)
        if self._started is None:
            self._fall_back()

    def _answer(self) -> None:
        try:
            self._take_answer()
        except Exception as exc:  # noqa: BLE001  as above
            self._give_up(exc)

    def _take_answer(self) -> None:
        started = self._started
        assert started is not None
        self._context.failed = started.outcome()
        if self._context.failed is not None:
            self._started = None
            self._fall_back()
        elif not started.exchange.is_complete or self._client.writing_paused or self._wants_a_closer_look(started):
            self._context.exchange, self._started = started.exchange, None
            self._fall_back()
        else:
            self._leave(started)

    def _wants_a_closer_look(self, started: Started) -> bool:
        return self._admitted.may_be_compressed(started.exchange.length)

    def _leave(self, started: Started) -> None:
        context, exchange = self._context, started.exchange
        assert context.verdict is not None
        decide(context.verdict)
        context.headers += limit_headers(context.verdict)
        body = exchange.take()
        context.status, context.sent = exchange.status, len(body)
        answer = self._it.responder.whole(context, exchange.headers, body)
        exchange.close()
        self._started = None
        self._release()
        self._is_over = True
        self._it.observer.end(context)
        _ANSWERED.inc()
        self._client.leave(answer)

    def _fall_back(self) -> None:
        self._is_over = True
        self._release()
        _FELL_BACK.inc()
        self._client.fall_back(self._context)

    def _give_up(self, exc: Exception) -> None:
        """Leave what went wrong here to the slow lane: to do it right, or to tell of it."""
        log.error("fast_lane_failed", exc, **{"http.request.id": self._context.request_id})
        if not self._is_over:
            self._cut()
            self._fall_back()

    def cancel(self) -> None:
        """The client is gone, and with it the reason for its request, even one that was left to the slow lane."""
        self._is_over = True
        self._cut()
        exchange, self._context.exchange = self._context.exchange, None
        if exchange is not None:
            exchange.cut()
            exchange.close()
        self._release()
        self._context.status = CLIENT_GONE
        self._it.observer.end(self._context)

    def _cut(self) -> None:
        started, self._started = self._started, None
        if started is not None:
            started.exchange.cut()
            started.exchange.close()

    def _acquire(self) -> bool:
        context = self._context
        try:
            self._it.concurrency.acquire(context.user_id, subject(context.client))
        except AppError:
            return False
        self._holds = True
        return True

    def _release(self) -> None:
        if self._holds:
            self._holds = False
            self._it.concurrency.release(self._context.user_id, subject(self._context.client))
