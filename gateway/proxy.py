"""A request's way through the gateway: `_answer` lists its steps in order, and is the one place that does.

The fast lane (fast_lane.py) takes the same steps, by the same functions, for requests that need nothing else.
"""

from dataclasses import dataclass
from functools import partial
from time import perf_counter

from aiohttp import web

from gateway.authentication.authenticator import Authenticator
from gateway.authentication.cookies import Cookies, is_safe
from gateway.authentication.errors import InvalidSession, InvalidToken
from gateway.authentication.principal import Principal
from gateway.caching.routes import Caching
from gateway.context import RequestContext, new_context
from gateway.downstream.answer import Answer
from gateway.downstream.body import RequestBody
from gateway.downstream.request import Request
from gateway.edge.client_address import subject
from gateway.edge.compression import accepts_gzip
from gateway.edge.websocket import Handshakes
from gateway.errors import RateLimited
from gateway.forwarding import Admitted, Forwarder
from gateway.limits.concurrency import ConcurrencyLimits
from gateway.limits.decision import Outcome, decide
from gateway.limits.headers import limit_headers
from gateway.limits.limiter import Limiter
from gateway.limits.policy import LimitClass
from gateway.observer import Observer
from gateway.pages.pages import Pages
from gateway.reception import Reception
from gateway.responder import Responder
from gateway.routes.model import LOCAL
from gateway.routing import Routing
from gateway.spans import note_limit
from shared.errors import AppError, InternalError, NotFound, Unauthenticated
from shared.logs import log
from shared.tracing import HOP
from shared.web.pages.problems import Asked, ProblemPages
from shared.web.problem import RenderedProblem, prefers_html, render_problem

_NOBODY = (Unauthenticated, InvalidSession, InvalidToken)  # why a browser isn't known as anybody's


def is_led_to_sign_in(request: Request, context: RequestContext, error: AppError) -> bool:
    """Whether a browser that nobody is signed in with is led to sign in, instead of being refused with `error`."""
    wants_page = prefers_html(request.headers.get("Accept", ""))
    return bool(context.sign_in) and isinstance(error, _NOBODY) and wants_page


@dataclass(frozen=True, slots=True)
class Components:
    """What the proxy rests on; they don't know each other."""

    reception: Reception
    authenticator: Authenticator
    cookies: Cookies
    limiter: Limiter
    concurrency: ConcurrencyLimits
    pages: Pages
    forwarder: Forwarder
    caching: Caching
    responder: Responder
    handshakes: Handshakes
    observer: Observer


class Proxy:
    def __init__(self, components: Components) -> None:
        self._components = components
        self._problem_pages = ProblemPages(components.reception.prefix.path)

    async def _answer(self, request: Request, context: RequestContext) -> Answer:
        it, headers = self._components, request.headers
        routing = it.reception.receive(request.head, request.remote or "", context)
        if context.plain:
            return await self._send_to_https(request, context)
        if it.reception.cors.is_preflight(request.method, headers):
            return await self._preflight(request, context, routing)
        route = it.reception.route(request.head, routing, context)
        handshake = it.handshakes.read(request.version, headers) if route.websocket else None
        authorization = headers.getall("Authorization", ()) if handshake is None else handshake.authorization
        cookie = partial(it.cookies.read, headers, safe=handshake is None and is_safe(request.method))
        principal = await it.authenticator.authenticate(route.auth, authorization, cookie)
        it.authenticator.check_proof(principal, route.acr, route.max_age)
        await self._limit(routing.limits[route.limit], route.cost, context, principal)
        body = RequestBody(request, route.max_body)
        if route.upstream == LOCAL:
            return await self._page(request, context)
        with it.concurrency.take(context.user_id, subject(context.client)):
            admitted = Admitted(route, routing.pools[route.upstream], principal, handshake)
            onward = it.forwarder if route.cache is None else it.caching
            return await onward.forward(request, context, admitted, body)

    async def handle(self, request: Request, *, plain: bool = False) -> web.StreamResponse:
        """Answer one request, whatever happens; its line in the log and its place in the metrics are certain too.

        `plain`: it came by the port that has no TLS because all it does is to lead to where there is.
        """
        context: RequestContext | None = request.take_begun()
        if context is None:
            context = new_context(request.head)
            context.plain = plain
            self._components.observer.begin()
        HOP.set(context)
        try:
            return await self._answer_or_problem(request, context)
        finally:
            if context.exchange is not None:  # begun in the fast lane, and not wanted any more
                context.exchange.close()
            self._components.observer.end(context)

    def refuse(self, request: Request, error: AppError, *, plain: bool = False) -> web.StreamResponse:
        """Return the answer to what the parser found to be no request; the connection is closed after it."""
        context = new_context(request.head)
        context.plain = plain
        context.client, context.status = request.remote or "", error.status
        self._components.observer.begin()
        problem = self._problem(request, context, error)
        headers = self._components.responder.headers(context, problem.headers.items())
        headers["Connection"] = "close"  # aiohttp answers in HTTP/1.0, which some take for what they may go on with
        body: bytes | None = problem.body
        if request.client.refuses_head:  # aiohttp calls what wasn't parsed "UNKNOWN", and would send it
            headers["Content-Length"], body = str(len(problem.body)), None
        response = web.Response(status=problem.status, headers=headers, body=body)
        response.force_close()
        self._components.observer.end(context)
        return response

    async def _answer_or_problem(self, request: Request, context: RequestContext) -> Answer:
        try:
            return await self._answer(request, context)
        except AppError as exc:
            error = exc
        except ConnectionError:
            raise  # the client is gone
        except Exception as exc:  # noqa: BLE001  the client learns the request's id, the operator the stack
            log.error("request_failed", exc, **{"http.request.id": context.request_id})
            error = InternalError()
        if is_led_to_sign_in(request, context, error):
            return await self._lead_to_sign_in(request, context, error)
        problem = self._problem(request, context, error)
        answer = self._components.responder.answer(request, context, problem.status, problem.headers.items())
        await answer.send(problem.body)
        context.sent = answer.sent
        return answer

    async def _send_to_https(self, request: Request, context: RequestContext) -> Answer:
        path, query = context.path, context.target.removeprefix(context.path)
        location = self._components.reception.https.location(request.method, request.headers, path, query)
        redirect = (("Location", location), ("Cache-Control", "no-store"))  # the next request may be no browser's
        answer = self._components.responder.answer(request, context, 308, redirect)
        await answer.send(b"")
        return answer

    async def _lead_to_sign_in(self, request: Request, context: RequestContext, error: AppError) -> Answer:
        context.error = error
        there = (("Location", context.sign_in), ("Cache-Control", "no-store"))
        answer = self._components.responder.answer(request, context, 303, self._components.responder.prefixed(there))
        await answer.send(b"")
        return answer

    async def _preflight(self, request: Request, context: RequestContext, routing: Routing) -> Answer:
        methods = self._components.reception.methods(routing, context)
        context.headers = self._components.reception.cors.preflight(request.headers, methods)
        answer = self._components.responder.answer(request, context, 204, ())
        await answer.send(b"")
        return answer

    async def _limit(self, limit: LimitClass, cost: int, context: RequestContext, principal: Principal | None) -> None:
        if principal is not None:
            context.user_id = principal.user_id
        verdict = context.verdict
        if verdict is None:
            whom, asked = limit.subject(subject(context.client), context.user_id), perf_counter()
            verdict = await self._components.limiter.check(limit, whom, cost)
            note_limit(context, asked)
        context.headers += limit_headers(verdict)
        outcome = decide(verdict)
        if outcome is Outcome.LIMITED:
            raise RateLimited(verdict.reset_seconds)
        context.over_limit = limit.name if outcome is Outcome.DRY_RUN else ""

    async def _page(self, request: Request, context: RequestContext) -> Answer:
        gzip = accepts_gzip(",".join(request.headers.getall("Accept-Encoding", ())))
        page = await self._components.pages.answer(context.path, request.headers, gzip=gzip)
        if page is None:
            raise NotFound
        answer = self._components.responder.answer(request, context, page.status, page.headers)
        await answer.send(page.body)
        context.sent = answer.sent
        return answer

    def _problem(self, request: Request, context: RequestContext, error: AppError) -> RenderedProblem:
        context.error = error
        headers = request.headers
        asked = Asked(context.path, headers.get("Accept", ""), headers.get("Accept-Language", ""), request.method)
        return render_problem(error, asked, request_id=context.request_id, pages=self._problem_pages)
