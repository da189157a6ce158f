"""Finding a request's route: the longest prefix on segment borders, and an exact path before any prefix."""

from collections.abc import Iterable, Iterator, Mapping

from gateway.routes.model import PRIVATE_SEGMENTS, LimitDeclaration, Route, UpstreamSettings
from shared.errors import MethodNotAllowed, NotFound

_Methods = dict[str, Route]


class RouteTable:
    """Immutable once made. Expects canonical paths, and routes that the loader has checked."""

    def __init__(
        self,
        routes: Iterable[Route],
        limits: Mapping[str, LimitDeclaration],
        upstreams: Mapping[str, str],
        upstream_settings: Mapping[str, UpstreamSettings] | None = None,
    ) -> None:
        """`upstreams` are the base URLs of all that routes may name, with commas between those of several instances.

        `upstream_settings` are of those that aren't treated as all are.
        """
        self.routes = tuple(routes)
        self.limits = dict(limits)
        self.upstreams = dict(upstreams)
        self.upstream_settings = dict(upstream_settings or {})
        self._exact: dict[str, _Methods] = {}
        self._prefix: dict[str, _Methods] = {}
        for route in self.routes:
            table = self._exact if route.exact else self._prefix
            table.setdefault(route.prefix, {}).update(dict.fromkeys(route.methods, route))

    def match(self, method: str, path: str) -> Route:
        """The route, or NotFound, or MethodNotAllowed with `Allow`.

        The longest match decides alone: a method that it doesn't take never falls through to a shorter prefix, whose
        rules may be laxer.
        """
        found = False
        for methods in self._candidates(path):
            if route := methods.get(method):
                return route
            found = True
        if not found:
            raise NotFound
        raise MethodNotAllowed(headers={"Allow": ", ".join(self.methods(path))})

    def methods(self, path: str) -> list[str]:
        """Every method that `path` takes, sorted; NotFound where there is no route."""
        allowed = sorted({method for methods in self._candidates(path) for method in methods})
        if not allowed:
            raise NotFound
        return allowed

    def covering(self, path: str) -> list[Route]:
        """Return every route of `path`, whatever its methods, in the order in which they decide."""
        routes = [route for route in self.routes if route.covers(path)]
        return sorted(routes, key=lambda route: (-len(route.prefix), not route.exact))

    def _candidates(self, path: str) -> Iterator[_Methods]:
        """The methods of the longest match: an exact path and a prefix of the same spelling share it."""
        if path.split("/", 2)[1].lower() in PRIVATE_SEGMENTS:
            return
        exact = self._exact.get(path)
        if exact:
            yield exact
        prefix = path if exact else _longest(self._prefix, path)
        if prefix in self._prefix:
            yield self._prefix[prefix]


def _longest(prefixes: Mapping[str, _Methods], path: str) -> str:
    while path not in prefixes and path:
        path = path[: path.rfind("/")]
    return path or "/"
