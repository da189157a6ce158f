"""A request's way, walked without going: the steps of `gateway/proxy.py` in their order, by the same parts.

Whatever a part refuses is raised here as it is there, and told as the reason. Nothing is counted, remembered, confirmed
or sent: of the parts that do such things, their looks alone are used.
"""

from collections.abc import Iterable
from functools import partial
from pathlib import Path

from gateway.authentication.cookies import is_safe
from gateway.authentication.principal import Principal
from gateway.context import RequestContext, new_context
from gateway.downstream.body import RequestBody
from gateway.downstream.form import target_of
from gateway.downstream.rehearsal import read_head
from gateway.downstream.request import Request
from gateway.edge.client_address import subject
from gateway.edge.paths import canonical_path
from gateway.edge.websocket import Handshake
from gateway.errors import RateLimited
from gateway.explain import credentials, telling
from gateway.explain.question import Question
from gateway.explain.report import Report
from gateway.forwarding import Admitted
from gateway.limits.headers import limit_headers
from gateway.pages.pages import OPENAPI
from gateway.proxy import Components, is_led_to_sign_in
from gateway.routes.model import LOCAL, Route
from gateway.routing import Routing
from gateway.upstreams.requests import UpstreamRequest
from shared.errors import AppError, NotFound
from shared.logs import loggable_path
from shared.web.pages.problems import Asked
from shared.web.problem import render_problem

_JSON = ("Content-Type", "application/json")


class Explainer:
    """`host` is what Host says unless the question does, `routes_file` where the lines of routes are to be found."""

    def __init__(self, components: Components, host: str, routes_file: Path) -> None:
        self._components = components
        self._host = host
        self._routes_file = routes_file

    async def explain(self, question: Question) -> Report:
        path, mark, _ = question.path.partition("?")
        report = Report(f"{question.method} {loggable_path(path)}{mark and '?...'}")
        walk = _Walk(self._components, report, self._routes_file)
        try:
            await walk.go(question, self._host)
        except AppError as exc:
            if not walk.leads_to_sign_in(exc):
                report.refuse(exc)
                walk.note_problem(exc)
        return report


class _Walk:
    """One request's. `context` is what the proxy would fill in, and never ends up in a log or a metric."""

    def __init__(self, components: Components, report: Report, routes_file: Path) -> None:
        self._it = components
        self._report = report
        self._file = routes_file
        self._routing: Routing = components.reception.routing.current
        self._peer = ""
        self._request: Request
        self._context: RequestContext

    async def go(self, question: Question, host: str) -> None:
        """Raises the AppError that ends the way."""
        self._read(question, host)
        self._locate()
        if self._leads_to_https() or self._is_preflight():
            return
        route = self._match()
        handshake = self._handshake(route) if route.websocket else None
        principal = await self._authenticate(route, handshake)
        await self._limit(route)
        body = self._body(route)
        if route.upstream == LOCAL:
            await self._page()
        else:
            await self._forward(Admitted(route, self._routing.pools[route.upstream], principal, handshake), body)

    def _read(self, question: Question, host: str) -> None:
        with self._report.step("request") as step:
            self._request = read_head(question.head(host))
            self._peer, head = question.peer, self._request.head
            self._context = new_context(head)
            self._context.path, self._context.target = target_of(head)
            step.tell("well-formed HTTP/1.1", headers=[str(name) for name in self._request.headers])

    def _locate(self) -> None:
        it, context, request = self._it.reception, self._context, self._request
        with self._report.step("client address") as step:
            forwarded = request.headers.getall("X-Forwarded-For", ())
            context.client = it.addresses.look(self._peer, forwarded)
            hops = telling.hops(it.addresses, self._peer, forwarded)
            step.tell(
                telling.address(context.client, hops, forwarded=bool(forwarded)), address=context.client, hops=hops
            )
        context.headers += it.cors.headers(request.headers.get("Origin"))
        with self._report.step("path") as step:
            canonical = canonical_path(context.path)
            it.locate((context.path, context.target), request.head, context)
            step.tell(telling.path(canonical, context.path, it.prefix.path), path=loggable_path(context.path))
            if context.to_content:
                step.why += f'; at {it.hosts.content}, which has the routes with host = "content" alone'

    def _leads_to_https(self) -> bool:
        it, context, request = self._it.reception, self._context, self._request
        context.plain = it.came_plain(request.head, self._peer)
        if not context.plain:
            return False
        with self._report.step("https") as step:
            step.tell("a trusted proxy says that the client came without TLS: pages are redirected, others refused")
            query = context.target.removeprefix(context.path)
            location = it.https.location(request.method, request.headers, context.path, query)
            step.tell(f"a page, redirected to {it.https.public_url}")
        self._carry((("Location", location),))
        self._answer(308)
        return True

    def _is_preflight(self) -> bool:
        it, context = self._it.reception, self._context
        with self._report.step("cors") as step:
            origin = self._request.headers.get("Origin")
            if not it.cors.is_preflight(self._request.method, self._request.headers):
                step.tell(telling.cors(origin, context.headers))
                return False
            context.headers = it.cors.preflight(self._request.headers, it.methods(self._routing, context))
            step.tell(f"a preflight; {telling.cors(origin, context.headers)}")
        self._answer(204)
        return True

    def _match(self) -> Route:
        context, table, report = self._context, self._routing.table, self._report
        with report.step("route") as step:
            covering = table.covering(context.path)
            step.tell(
                telling.beaten(covering), file=str(self._file), covering=[telling.place(each) for each in covering]
            )
            route = self._it.reception.route(self._request.head, self._routing, context)
            others = [each for each in covering if each is not route]
            step.tell(
                f"{route.name}, {self._file.name} line {route.line}; {telling.beaten(others)}", **telling.rules(route)
            )
        report.route, report.upstream = route.name, route.upstream
        return route

    def _handshake(self, route: Route) -> Handshake:
        with self._report.step("websocket") as step:
            step.tell(f"{route.name} takes WebSocket handshakes alone")
            handshake = self._it.handshakes.read(self._request.version, self._request.headers)
            step.tell("a sound handshake", protocols=handshake.protocols)
        return handshake

    async def _authenticate(self, route: Route, handshake: Handshake | None) -> Principal | None:
        headers, context = self._request.headers, self._context
        authorization = headers.getall("Authorization", ()) if handshake is None else handshake.authorization
        with self._report.step("authentication") as step:
            claims = credentials.claimed(authorization)
            sent = credentials.found(authorization, cookie=self._it.cookies.is_sent(headers))
            step.tell(telling.credential(route.auth, sent, claims), policy=route.auth, unverified=claims)
            safe = handshake is None and is_safe(self._request.method)
            cookie = partial(self._it.cookies.read, headers, safe=safe)
            principal = await self._it.authenticator.examine(route.auth, authorization, cookie)
            step.tell(telling.principal(route.auth, principal, sent, claims))
            if principal is not None:
                context.user_id = principal.user_id
                step.facts["who"] = credentials.person(principal)
            step.why += telling.proof(route, principal)
            self._it.authenticator.check_proof(principal, route.acr, route.max_age)
        return principal

    async def _limit(self, route: Route) -> None:
        limit, context = self._routing.limits[route.limit], self._context
        with self._report.step("limit") as step:
            key = limit.subject(subject(context.client), context.user_id)
            verdict = await self._it.limiter.look(limit, key, route.cost)
            step.tell(
                telling.limit(verdict, key, in_memory=self._it.limiter.is_away),
                **telling.standing(verdict, key, route.cost),
            )
            if not verdict.allowed and not limit.dry_run:
                context.headers += limit_headers(verdict)
                raise RateLimited(verdict.reset_seconds)

    def _body(self, route: Route) -> RequestBody:
        with self._report.step("body") as step:
            step.tell(f"at most {route.max_body} bytes", max_body=route.max_body)
            return RequestBody(self._request, route.max_body)

    async def _page(self) -> None:
        """Composing the API's description takes the services' answers, so that alone isn't predicted."""
        context = self._context
        with self._report.step("page") as step:
            if context.path == OPENAPI:
                step.tell("the API's description, composed of what the services tell")
                return self._answer(None)
            page = await self._it.pages.answer(context.path, self._request.headers)
            if page is None:
                step.tell("the gateway has no page or asset of this path")
                raise NotFound
            step.tell("one of the gateway's own")
        self._carry(page.headers)
        return self._answer(page.status)

    async def _forward(self, admitted: Admitted, body: RequestBody) -> None:
        route, context = admitted.route, self._context
        with self._report.step("concurrency") as step:
            holders = [holder for holder in (subject(context.client), context.user_id) if holder]
            held = {holder: self._it.concurrency.standing(holder) for holder in holders}
            step.tell(telling.held(held), held=held)
            with self._it.concurrency.take(context.user_id, subject(context.client)):
                pass  # given back at once: nobody waits in between
        request = await self._cache(admitted, body) or self._upstream_request(admitted, body)
        with self._report.step("upstream") as step:
            outlook = admitted.pool.outlook(repeatable=request.is_repeatable)
            step.tell(telling.upstream(route, outlook), instances=telling.instances(outlook))
        self._report.request_headers = telling.shown(request.head(route.timeout))
        self._carry((_JSON,))

    async def _cache(self, admitted: Admitted, body: RequestBody) -> UpstreamRequest | None:
        """Return what the service would be asked for the cache's sake."""
        with self._report.step("cache") as step:
            outlook = await self._it.caching.oracle.look(self._request, self._context, admitted, body)
            if outlook is None:
                step.skip("not cached: the route doesn't ask for it")
                return None
            step.tell(outlook.why)
        return outlook.request

    def _upstream_request(self, admitted: Admitted, body: RequestBody) -> UpstreamRequest:
        context, method = self._context, self._request.method
        headers = self._it.forwarder.headers(self._request.head, context, admitted)
        content = body.stream() if body.length != 0 else b""
        route, length = admitted.route, body.length
        return UpstreamRequest(method, context.target, headers, route.timeout, content, length, retries=route.retries)

    def _answer(self, status: int | None) -> None:
        report = self._report
        report.outcome, report.status = "answered", status
        if not report.answer_headers:
            self._carry(())

    def leads_to_sign_in(self, error: AppError) -> bool:
        """Tell so where the refusal is a way to sign in; the step that refused says why."""
        if not hasattr(self, "_context") or not is_led_to_sign_in(self._request, self._context, error):
            return False
        self._report.steps[-1].why += f"; led to {self._context.sign_in}"
        self._carry((("Location", self._context.sign_in),))
        self._answer(303)
        return True

    def note_problem(self, error: AppError) -> None:
        """Tell what the refusal would carry; one of something that is no request has no context."""
        if not hasattr(self, "_context"):
            return
        context, accept = self._context, self._request.headers.get("Accept", "")
        problem = render_problem(error, Asked(context.path, accept), request_id=context.request_id)
        self._carry(problem.headers.items())

    def _carry(self, headers: Iterable[tuple[str, str]]) -> None:
        complete = self._it.responder.headers(self._context, headers)
        self._report.answer_headers = [(str(name), value) for name, value in complete.items()]
