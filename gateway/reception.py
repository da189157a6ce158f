"""The steps that need nothing but a request's head, which both lanes take: where it comes from and where it goes."""

from dataclasses import dataclass

from gateway.context import RequestContext
from gateway.downstream.form import target_of
from gateway.downstream.request import Head
from gateway.edge.client_address import ClientAddresses
from gateway.edge.cors import Cors
from gateway.edge.paths import canonical_path
from gateway.routes.model import Route
from gateway.routing import LiveRouting, Routing


@dataclass(frozen=True, slots=True)
class Reception:
    addresses: ClientAddresses
    cors: Cors
    routing: LiveRouting
    prefix: str  # the path of PUBLIC_URL, which services never see

    def receive(self, head: Head, peer: str, context: RequestContext) -> Routing:
        """Fill in what the head tells, and return the routing that holds for this request. Raises an AppError."""
        headers = head.headers
        routing = self.routing.current
        path, query = target_of(head)
        context.client = self.addresses.resolve(peer, headers.getall("X-Forwarded-For", ()))
        context.headers = self.cors.headers(headers.get("Origin"))
        context.path = bare_path(canonical_path(path), self.prefix)
        context.target = context.path + query
        return routing

    def route(self, head: Head, routing: Routing, context: RequestContext) -> Route:
        """Raises NotFound or MethodNotAllowed."""
        route = routing.table.match(head.method, context.path)
        context.route, context.upstream = route.name, route.upstream
        return route


def bare_path(path: str, prefix: str) -> str:
    """Return `path` without the prefix, which a proxy before us may have taken off already."""
    if prefix and (path == prefix or path.startswith(f"{prefix}/")):
        return path[len(prefix) :] or "/"
    return path
