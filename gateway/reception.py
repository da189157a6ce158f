"""The steps that need nothing but a request's head, which both lanes take: where it comes from and where it goes."""

from dataclasses import dataclass

from gateway.context import RequestContext
from gateway.downstream.form import target_of
from gateway.downstream.request import Head
from gateway.edge.client_address import ClientAddresses
from gateway.edge.cors import Cors
from gateway.edge.hosts import Hosts
from gateway.edge.https import HttpsOnly
from gateway.edge.paths import canonical_path
from gateway.edge.prefix import Prefix
from gateway.routes.model import Route
from gateway.routes.sign_in import way_to_sign_in
from gateway.routing import LiveRouting, Routing
from gateway.spans import begin
from shared.errors import NotFound


@dataclass(frozen=True, slots=True)
class Reception:
    addresses: ClientAddresses
    cors: Cors
    routing: LiveRouting
    https: HttpsOnly
    prefix: Prefix
    hosts: Hosts

    def receive(self, head: Head, peer: str, context: RequestContext) -> Routing:
        """Fill in what the head tells, and return the routing that holds for this request. Raises an AppError."""
        headers = head.headers
        target = target_of(head)
        context.client = self.addresses.resolve(peer, headers.getall("X-Forwarded-For", ()))
        context.plain = context.plain or self.came_plain(head, peer)
        context.headers = self.cors.headers(headers.get("Origin"))
        return self.locate(target, head, context)

    def locate(self, target: tuple[str, str], head: Head, context: RequestContext) -> Routing:
        """Fill in the host and the path, of `target`'s raw one and its query. Raises BadPath."""
        path, query = target
        context.to_content = self.hosts.is_content(head.headers["Host"])
        canonical = canonical_path(path)
        context.path = canonical if context.to_content else self.prefix.strip(canonical)
        context.target = context.path + query
        return self.routing.current

    def came_plain(self, head: Head, peer: str) -> bool:
        """Whether a proxy that we trust says that its client came without TLS, where PUBLIC_URL has it."""
        proto = head.headers.get("X-Forwarded-Proto")
        return proto is not None and self.https.lacks(proto) and self.addresses.trusting(peer) is not None

    def methods(self, routing: Routing, context: RequestContext) -> list[str]:
        """Return every method that the path takes at the host that the request came to. Raises NotFound."""
        table, path = routing.table, context.path
        methods = table.methods(path)
        if context.to_content:
            methods = [each for each in methods if table.match(each, path).host == "content"]
        if not methods:
            raise NotFound
        return methods

    def route(self, head: Head, routing: Routing, context: RequestContext) -> Route:
        """Raises NotFound or MethodNotAllowed."""
        if context.to_content:
            self.methods(routing, context)
        route = routing.table.match(head.method, context.path)
        if context.to_content and route.host != "content":
            raise NotFound
        context.route, context.upstream = route.name, route.upstream
        begin(context)
        if route.sign_in:
            context.sign_in = way_to_sign_in(route, head.method, context.target)
        return route
