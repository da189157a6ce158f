"""A request's way through the gateway: `_answer` lists its steps in order, and is the one place that does."""

from dataclasses import dataclass

from aiohttp import web

from gateway.authentication.authenticator import Authenticator
from gateway.authentication.principal import Principal
from gateway.downstream.answer import Answer
from gateway.downstream.body import RequestBody
from gateway.downstream.form import target_of
from gateway.dressing import Dresser
from gateway.edge.client_address import ClientAddresses, subject
from gateway.edge.cors import Cors
from gateway.edge.paths import canonical_path
from gateway.edge.websocket import Handshakes
from gateway.errors import RateLimited
from gateway.forwarding import Admitted, Forwarder
from gateway.limits.headers import limit_headers
from gateway.limits.limiter import Limiter
from gateway.limits.policy import LimitClass
from gateway.limits.shares import Shares
from gateway.pages.pages import Pages
from gateway.routes.model import LOCAL
from gateway.routing import LiveRouting, Routing
from gateway.visit import Observers, Visit, new_visit
from shared.errors import AppError, InternalError, NotFound
from shared.logs import log
from shared.web.problem import RenderedProblem, render_problem


@dataclass(frozen=True, slots=True)
class Columns:
    """What the proxy rests on; they don't know each other."""

    addresses: ClientAddresses
    cors: Cors
    routing: LiveRouting
    authenticator: Authenticator
    limiter: Limiter
    shares: Shares
    pages: Pages
    forwarder: Forwarder
    dresser: Dresser
    handshakes: Handshakes
    prefix: str  # the path of PUBLIC_URL, which services never see


class Proxy:
    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self._observers = Observers()

    async def _answer(self, request: web.BaseRequest, visit: Visit) -> Answer:
        it, headers = self._columns, request.headers
        routing = it.routing.current
        path, query = target_of(request)
        visit.client = it.addresses.resolve(request.remote or "", headers.getall("X-Forwarded-For", ()))
        visit.headers += it.cors.headers(headers.get("Origin"))
        visit.path = path = _bare(canonical_path(path), it.prefix)
        if it.cors.is_preflight(request.method, headers):
            return await self._preflight(request, visit, routing)
        route = routing.table.match(request.method, path)
        visit.route, visit.upstream = route.name, route.upstream
        handshake = it.handshakes.read(request.version, headers) if route.websocket else None
        authorization = headers.getall("Authorization", ()) if handshake is None else handshake.authorization
        principal = await it.authenticator.authenticate(route.auth, authorization)
        await self._limit(routing.limits[route.limit], visit, principal)
        body = RequestBody(request, route.max_body)
        if route.upstream == LOCAL:
            return await self._page(request, visit)
        with it.shares.take(visit.user_id, subject(visit.client)):
            admitted = Admitted(route, routing.pools[route.upstream], principal, body, path + query, handshake)
            return await it.forwarder.forward(request, visit, admitted)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request, whatever happens; its line in the log and its place in the metrics are certain too."""
        visit = new_visit(request)
        self._observers.begin()
        try:
            return await self._answer_or_problem(request, visit)
        finally:
            self._observers.end(visit)

    def refuse(self, request: web.BaseRequest, error: AppError) -> web.StreamResponse:
        """Return the answer to what the parser found to be no request; the connection is closed after it."""
        visit = new_visit(request)
        visit.client, visit.status = request.remote or "", error.status
        self._observers.begin()
        problem = _problem(request, visit, error)
        headers = self._columns.dresser.headers(visit, problem.headers.items())
        response = web.Response(status=problem.status, headers=headers, body=problem.body)
        response.force_close()
        self._observers.end(visit)
        return response

    async def _answer_or_problem(self, request: web.BaseRequest, visit: Visit) -> Answer:
        try:
            return await self._answer(request, visit)
        except AppError as exc:
            error = exc
        except ConnectionError:
            raise  # the client is gone
        except Exception as exc:  # noqa: BLE001  the client learns the request's id, the operator the stack
            log.error("request_failed", exc, **{"http.request.id": visit.request_id})
            error = InternalError()
        problem = _problem(request, visit, error)
        answer = self._columns.dresser.answer(request, visit, problem.status, problem.headers.items())
        await answer.send(problem.body)
        return answer

    async def _preflight(self, request: web.BaseRequest, visit: Visit, routing: Routing) -> Answer:
        methods = routing.table.methods(visit.path)
        visit.headers = self._columns.cors.preflight(request.headers, methods)
        answer = self._columns.dresser.answer(request, visit, 204, ())
        await answer.send(b"")
        return answer

    async def _limit(self, limit: LimitClass, visit: Visit, principal: Principal | None) -> None:
        if principal is not None:
            visit.user_id = principal.user_id
        verdict = await self._columns.limiter.check(limit, limit.subject(subject(visit.client), visit.user_id))
        visit.headers += limit_headers(verdict)
        if not verdict.allowed:
            raise RateLimited

    async def _page(self, request: web.BaseRequest, visit: Visit) -> Answer:
        page = await self._columns.pages.answer(visit.path, request.headers)
        if page is None:
            raise NotFound
        answer = self._columns.dresser.answer(request, visit, page.status, page.headers)
        await answer.send(page.body)
        visit.sent = answer.sent
        return answer


def _bare(path: str, prefix: str) -> str:
    """Return `path` without the prefix, which a proxy before us may have taken off already."""
    if prefix and (path == prefix or path.startswith(f"{prefix}/")):
        return path[len(prefix) :] or "/"
    return path


def _problem(request: web.BaseRequest, visit: Visit, error: AppError) -> RenderedProblem:
    visit.error = error
    accept = request.headers.get("Accept", "")
    return render_problem(error, accept=accept, instance=visit.path, request_id=visit.request_id)
