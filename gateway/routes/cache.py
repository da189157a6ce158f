"""The cache in the route file: which routes it keeps answers of, and which others take those away."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from gateway.routes.fields import Fields
from gateway.routes.model import LOCAL, CacheRule, Route

KEYS = frozenset({"cache", "cache_headers", "cache_max_body"})
_SAFE = frozenset({"GET", "HEAD"})
_HEADERS = ("Accept", "Accept-Encoding", "Accept-Language")  # those that answers are negotiated by (RFC 9110, 12.5)
_DEFAULT_HEADERS = ("Accept", "Accept-Language")
_DEFAULT_MAX_BODY = 1024**2
_LARGEST_MAX_BODY = 8 * 1024**2  # a body is in memory while it is kept


def read_cache(fields: Fields) -> CacheRule | None:
    """Return the rule of a route that asks for the cache; each mistake is reported with its line."""
    if not fields.flag("cache"):
        for key in sorted(KEYS - {"cache"}):
            if key in fields:
                fields.mistake(key, f"{key} is for routes with cache = true")
        return None
    size = fields.size("cache_max_body", _DEFAULT_MAX_BODY)
    if size > _LARGEST_MAX_BODY:
        fields.mistake("cache_max_body", "cache_max_body must be at most 8 MiB")
    names = fields.some("cache_headers", _HEADERS) if "cache_headers" in fields else _DEFAULT_HEADERS
    return CacheRule(keeps=True, max_body=size, headers=tuple(name for name in _HEADERS if name in names))


def check_cache(route: Route, fields: Fields) -> None:
    """What is kept is handed to anybody, so it must have been made for nobody."""
    if route.cache is None:
        return
    if route.auth not in ("public", "optional"):
        fields.mistake("cache", "only public and optional routes can have a cache: what it keeps is for everybody")
    if route.methods and "GET" not in route.methods:
        fields.mistake("cache", "only answers to GET are kept")
    if route.pass_credentials:
        fields.mistake("cache", "a route with a cache can't have pass_credentials")
    if route.websocket or route.upstream == LOCAL:
        fields.mistake("cache", "neither websockets nor the gateway's own pages can have a cache")


def with_invalidation(routes: Sequence[Route]) -> list[Route]:
    """Return the routes so that those who may change what others keep know of it: by upstream, or by path."""
    keeping = [route for route in routes if route.cache is not None]
    return [_invalidating(route, keeping) for route in routes]


def _invalidating(route: Route, keeping: Collection[Route]) -> Route:
    if route.methods <= _SAFE or route.websocket:
        return route
    kept_by = tuple(each for each in keeping if each.upstream == route.upstream or _overlap(each, route))
    rule = route.cache or CacheRule(keeps=False)
    return replace(route, cache=replace(rule, kept_by=kept_by)) if kept_by else route


def _overlap(one: Route, other: Route) -> bool:
    """Whether there may be a path that belongs to both."""
    shorter, longer = sorted((one, other), key=lambda route: len(route.prefix))
    if shorter.exact:
        return shorter.prefix == longer.prefix
    return shorter.prefix in ("/", longer.prefix) or longer.prefix.startswith(f"{shorter.prefix}/")
