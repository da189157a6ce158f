"""The fast lane: a GET with a token that was verified before, whose service answers in one piece.

The steps are those of proxy.py, by the same functions, but nobody waits: each step is called by what it depends on.
Whatever isn't plain goes over to the slow lane, before anything was done for it or with what has been found out by
then. Only the slow lane refuses a request, or tells of a failure.
"""

from gateway.client_headers import ClientHeaders, ClientHeadersCache
from gateway.context import CLIENT_GONE, RequestContext
from gateway.downstream.client import Client
from gateway.downstream.form import split_target
from gateway.downstream.request import Head
from gateway.forwarding import Admitted
from gateway.limits.counters import Call
from gateway.limits.decision import decide
from gateway.limits.policy import LimitClass
from gateway.limits.verdict import Verdict
from gateway.proxy import Components
from gateway.routes.model import LOCAL, Route
from gateway.upstreams.pool import Started
from gateway.upstreams.requests import UpstreamRequest
from shared.errors import AppError
from shared.lifecycle import Lifecycle
from shared.logs import log
from shared.loop_metrics import LoopCounter
from shared.tracing import continue_trace, request_id

_TAKEN = LoopCounter(
    "gateway_fast_lane_requests", "Requests let into the fast lane, by where they were answered.", ("in",)
)
_ANSWERED, _FELL_BACK = _TAKEN.labels("fast_lane"), _TAKEN.labels("slow_lane")
_HTTP_1_1 = (1, 1)


class FastLane:
    def __init__(self, components: Components, lifecycle: Lifecycle) -> None:
        self.components = components
        self._lifecycle = lifecycle
        self._headers = ClientHeadersCache(components.reception, components.forwarder)

    def enter(self, client: Client, head: Head) -> "Passage | None":
        """Take the steps that need no waiting; None if the request isn't for this lane."""
        if not _is_plain(head) or self._lifecycle.stopping:
            return None
        known = self._headers.read(head, client.peer)
        if known is None:
            return None
        it = self.components
        context = RequestContext("GET", "", request_id(known.request_id), continue_trace(known.traceparent))
        context.client, context.headers = known.address, [*known.told]
        try:
            routing = it.reception.locate(split_target(head), head, context)
            route = it.reception.route(head, routing, context)
        except AppError:
            return None
        if context.to_content or _is_kept_out(route):
            return None
        principal = None
        if route.auth != "public":
            principal = it.authenticator.recall(route.auth, known.credential)
            if principal is None or not it.authenticator.has_proved(principal, route.acr, route.max_age):
                return None
            context.user_id = principal.user_id
        admitted = Admitted(route, routing.pools[route.upstream], principal)
        return Passage(it, client, context, known, (admitted, routing.limits[route.limit]))


def _is_plain(head: Head) -> bool:
    return (
        head.method == "GET" and head.version == _HTTP_1_1 and not (head.should_close or head.upgrade or head.chunked)
    )


def _is_kept_out(route: Route) -> bool:
    """Whether more is to be done for the request than this lane knows of."""
    keeps = route.cache is not None and route.cache.keeps
    return keeps or route.websocket or route.pass_credentials or route.upstream == LOCAL


class Passage:
    """One request's way. Exactly one of `_leave`, `_fall_back` and `cancel` ends it."""

    __slots__ = ("_admitted", "_client", "_context", "_holds", "_is_over", "_it", "_known", "_limit", "_started")

    def __init__(
        self,
        components: Components,
        client: Client,
        context: RequestContext,
        known: ClientHeaders,
        admitted: tuple[Admitted, LimitClass],
    ) -> None:
        self._it = components
        self._client = client
        self._known = known
        self._context = context
        self._admitted, self._limit = admitted
        self._started: Started | None = None
        self._holds = False
        self._is_over = False

    def begin(self) -> None:
        """Have it counted."""
        self._it.observer.begin()
        context, limit = self._context, self._limit
        whom = limit.subject(self._known.subject, context.user_id)
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
            "GET", context.target, (), route.timeout, head_timeout=route.head_timeout, retries=route.retries
        )
        data = self._it.forwarder.head(context, self._admitted, self._known.lines)
        self._started = self._admitted.pool.start(request, data, self._answer)
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
            self._it.concurrency.acquire(context.user_id, self._known.subject)
        except AppError:
            return False
        self._holds = True
        return True

    def _release(self) -> None:
        if self._holds:
            self._holds = False
            self._it.concurrency.release(self._context.user_id, self._known.subject)
