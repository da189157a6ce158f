"""What the cache asks services: nothing of a client's that isn't in the key of what it gets.

No cookies, no address, no ids of the client's choosing: whatever could shape an answer that others are given.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from gateway.authentication.identity import Assertions
from gateway.cache.conditions import conditions_for
from gateway.cache.entry import Entry
from gateway.cache.headers import Header, values
from gateway.cache.key import Inputs, Key, keyed_headers, path_key
from gateway.context import RequestContext
from gateway.downstream.request import Request
from gateway.edge.headers import RawHeader
from gateway.edge.hosts import Hosts
from gateway.edge.paths import BadPath, canonical_path
from gateway.forwarding import Admitted
from gateway.routes.model import CacheRule
from gateway.upstreams.exchange import Exchange
from gateway.upstreams.requests import UpstreamRequest
from shared.tracing import REQUEST_ID, TRACEPARENT, request_id
from shared.web.problem import prefers_html

_OF_ONE_CLIENT = frozenset(
    ("if-match", "if-modified-since", "if-none-match", "if-range", "if-unmodified-since", "range")
)
_OF_A_READER = frozenset(("accept", "accept-language"))


@dataclass(frozen=True, slots=True)
class Asked:
    """A request on a route with a cache. `keyed` is what of its `headers` the service gets."""

    request: Request
    context: RequestContext
    admitted: Admitted
    rule: CacheRule
    headers: list[Header]
    keyed: list[Header]
    key: Key

    @property
    def by_a_reader(self) -> bool:
        """Whether a person at a browser comes for it, and the service isn't told so."""
        told = any(name.lower() in _OF_A_READER for name in self.rule.headers)
        return not told and prefers_html(self.request.headers.get("Accept", ""))


class CacheRequests:
    """`public_url` and `hosts` are what clients reach us by; it is in every key, as services are told it."""

    def __init__(self, assertions: Assertions, public_url: str, hosts: Hosts) -> None:
        self._assertions = assertions
        parts = urlsplit(public_url)
        self._scheme, self._host, self._prefix = parts.scheme, parts.netloc, parts.path.rstrip("/")
        self._origin = f"{self._scheme}://{self._host}"
        self._hosts = hosts

    def read(self, request: Request, context: RequestContext, admitted: Admitted, rule: CacheRule) -> Asked:
        keyed = keyed_headers(request.raw_headers, rule.headers)
        origin = f"{self._scheme}://{self._hosts.told(content=context.to_content)}"
        inputs = Inputs(origin, admitted.route.upstream, context.target, keyed)
        return Asked(request, context, admitted, rule, list(request.headers.items()), keyed, inputs.key())

    def to_share(self, asked: Asked, stale: Entry | None) -> UpstreamRequest:
        """Return the request for an answer that others may get too, or for word that the stale one still holds."""
        conditions = () if stale is None else conditions_for(stale.headers)
        return self._request("GET", asked, conditions, request_id(None))

    def for_one(self, asked: Asked) -> UpstreamRequest:
        """Return the request for an answer that nobody else gets: with the client's own conditions and range.

        A person at a browser may be told in their language what there is instead of what they came for.
        """
        own = [header for header in asked.headers if header[0].lower() in _OF_ONE_CLIENT]
        if asked.by_a_reader:
            own += [header for header in asked.headers if header[0].lower() in _OF_A_READER]
        return self._request(asked.request.method, asked, own, asked.context.request_id)

    def changed_paths(self, rule: CacheRule, target: str, exchange: Exchange | None) -> set[str]:
        """Return the paths that an unsafe request may have changed (RFC 9111, 4.4), as the keys of their markers.

        Those of which nothing can have been kept are none of the cache's.
        """
        paths = {target.partition("?")[0]}
        headers = [] if exchange is None else [(n.decode("latin-1"), v.decode("latin-1")) for n, v in exchange.headers]
        for name in ("location", "content-location"):
            paths.update(self._own_paths(target, values(headers, name)))
        kept = [path for path in paths if any(route.covers(path) for route in rule.kept_by)]
        return {path_key(origin, path) for path in kept for origin in self._origins()}

    def _origins(self) -> Iterable[str]:
        """What is changed under one name is changed under the other."""
        return (self._origin, f"{self._scheme}://{self._hosts.content}") if self._hosts.content else (self._origin,)

    def _own_paths(self, target: str, locations: Iterable[str]) -> Iterable[str]:
        for location in locations:
            try:
                parts = urlsplit(urljoin(self._origin + target, location))
                path = canonical_path(parts.path)
            except (ValueError, BadPath):
                continue
            if (parts.scheme, parts.netloc.lower()) == (self._scheme, self._host.lower()):
                yield path.removeprefix(self._prefix) if path.startswith(f"{self._prefix}/") else path

    def _request(self, method: str, asked: Asked, extra: Iterable[Header], own_id: str) -> UpstreamRequest:
        route = asked.admitted.route
        headers: list[RawHeader] = [(name.encode(), value.encode("latin-1")) for name, value in asked.keyed]
        headers += (
            (name.encode(), value.encode("utf-8", "surrogateescape"))  # as aiohttp reads, and the cache keeps, them
            for name, value in (
                *extra,
                ("X-Forwarded-Proto", self._scheme),
                ("X-Forwarded-Host", self._hosts.told(content=asked.context.to_content)),
                (REQUEST_ID, own_id),
                (TRACEPARENT, asked.context.call().onward),
            )
        )
        headers += (b"Host", asked.admitted.pool.authority), self._assertions.header(None, route.upstream)
        return UpstreamRequest(
            method,
            asked.context.target,
            headers,
            route.timeout,
            head_timeout=route.head_timeout,
            retries=route.retries,
        )
