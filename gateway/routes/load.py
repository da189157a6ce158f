"""Reading the route file whole: either a table that can be trusted, or every mistake in it with its line."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from string import ascii_letters, digits

from gateway.routes.cache import KEYS as CACHE_KEYS
from gateway.routes.cache import check_cache, read_cache, with_invalidation
from gateway.routes.fields import Fields, Report
from gateway.routes.limits import HIGHEST_COST, check_limit, read_limits
from gateway.routes.lines import Lines
from gateway.routes.match import RouteTable
from gateway.routes.model import (
    DEFAULT_HEAD_TIMEOUT,
    DEFAULT_IDLE,
    LOCAL,
    MOST_RETRIES,
    PRIVATE_SEGMENTS,
    LimitDeclaration,
    Mistake,
    ParsePolicy,
    Route,
    RoutesError,
)
from gateway.routes.standing import KEYS as STANDING_KEYS
from gateway.routes.standing import check_standing, read_acr, read_max_age
from gateway.routes.upstreams import read_upstreams

_METHODS = frozenset({"DELETE", "GET", "OPTIONS", "PATCH", "POST", "PUT"})
_ROUTE_KEYS = frozenset(
    {"name", "prefix", "exact", "methods", "upstream", "auth", "limit", "timeout", "max_body"}
    | {"pass_credentials", "method_override", "websocket", "idle", "head_timeout", "retries", "cost"}
    | CACHE_KEYS
    | STANDING_KEYS
)
_AUTH = re.compile(r"public|optional|user|session|(role|scope):[A-Za-z0-9._:/-]{1,64}")
_PATH_CHARACTERS = frozenset(ascii_letters + digits + "-._~/")
_LONGEST_TIMEOUT = 24 * 3600
_DEFAULT_MAX_BODY = 64 * 1024


def load_routes(path: Path, upstreams: Mapping[str, str], parse_policy: ParsePolicy) -> RouteTable:
    """Read and check the file at `path`; RoutesError lists every mistake.

    `upstreams` are the built-in ones, by name; the file may add others. `parse_policy` raises ValueError for a limit's
    policy that can't be read, so that it is reported with its line.
    """
    try:
        text = path.read_text("utf-8")
        document = tomllib.loads(text)
    except (OSError, UnicodeDecodeError) as exc:
        raise RoutesError(str(path), [Mistake(1, f"can't be read: {exc}")]) from exc
    except (ValueError, RecursionError) as exc:  # beside its own error: a number of 5,000 digits, a very deep list
        raise RoutesError(str(path), [Mistake(_line_of(exc), f"is not TOML: {exc}")]) from exc
    report = Report(Lines(text))
    top = Fields(document, report, "")
    top.only({"limits", "route", "upstreams"})
    added, settings = read_upstreams(document.get("upstreams", {}), report, upstreams)
    every = {**upstreams, **added}
    limits = read_limits(document.get("limits", {}), report, parse_policy)
    routes = _routes(document.get("route", []), report, {LOCAL, *every}, limits)
    if not routes:
        top.mistake("route", "there is no [[route]]")
    if report.mistakes:
        raise RoutesError(str(path), report.mistakes)
    return RouteTable(with_invalidation(routes), limits, every, settings)


def _line_of(error: Exception) -> int:
    _, _, position = str(error).rpartition("(at line ")
    number = position.partition(",")[0]
    return int(number) if number.isdecimal() else 1


def _routes(tables: object, report: Report, upstreams: set[str], limits: Mapping[str, LimitDeclaration]) -> list[Route]:
    if not isinstance(tables, list) or not all(isinstance(values, dict) for values in tables):
        report.add(report.lines.of("route"), "routes are an array of tables: [[route]]")
        return []
    named: dict[str, int] = {}
    taken: dict[tuple[str, bool, str], str] = {}
    routes = []
    for index, values in enumerate(tables):
        fields = Fields(values, report, "route", index)
        route = _route(fields, upstreams, limits)
        check_limit(route, fields, limits)
        _check_websocket(route, fields)
        check_cache(route, fields)
        check_standing(route, fields)
        _check_unique(route, fields, named, taken)
        routes.append(route)
    return routes


def _route(fields: Fields, upstreams: set[str], limits: Mapping[str, LimitDeclaration]) -> Route:
    fields.only(_ROUTE_KEYS)
    methods = fields.words("methods", _METHODS)
    websocket = fields.flag("websocket")
    return Route(
        name=fields.text("name"),
        prefix=_path(fields),
        exact="exact" in fields,
        methods=methods | {"HEAD"} if "GET" in methods and not websocket else methods,
        upstream=fields.choice("upstream", upstreams),
        auth=_auth(fields),
        limit=fields.choice("limit", limits),
        timeout=fields.seconds("timeout", _LONGEST_TIMEOUT),
        max_body=fields.size("max_body", _DEFAULT_MAX_BODY),
        pass_credentials=fields.flag("pass_credentials"),
        method_override=fields.flag("method_override"),
        websocket=websocket,
        idle=fields.seconds("idle", _LONGEST_TIMEOUT, DEFAULT_IDLE),
        head_timeout=fields.seconds("head_timeout", _LONGEST_TIMEOUT, DEFAULT_HEAD_TIMEOUT),
        retries=fields.integer("retries", MOST_RETRIES, range(MOST_RETRIES + 1)),
        cost=fields.integer("cost", 1, range(1, HIGHEST_COST + 1)),
        acr=read_acr(fields),
        max_age=read_max_age(fields),
        cache=read_cache(fields),
        line=fields.line(),
    )


def _auth(fields: Fields) -> str:
    auth = fields.text("auth")
    if auth and not _AUTH.fullmatch(auth):
        fields.mistake("auth", f"auth {auth!r} is none of optional, public, role:NAME, scope:NAME, session, user")
    return auth


def _path(fields: Fields) -> str:
    if ("prefix" in fields) == ("exact" in fields):
        fields.mistake("prefix", "a route has either prefix or exact")
        return ""
    key = "exact" if "exact" in fields else "prefix"
    path = fields.text(key)
    first, *segments = path.split("/")
    if not path:
        return ""
    if first or not _PATH_CHARACTERS.issuperset(path) or (path != "/" and not _are_plain(segments)):
        fields.mistake(key, f"{key} {path!r} is not a path such as /v1/users, without a slash at its end")
    elif segments[0].lower() in PRIVATE_SEGMENTS:
        fields.mistake(key, f"/{segments[0]} is only served on private ports and can't be routed to")
    return path


def _are_plain(segments: list[str]) -> bool:
    return not {"", ".", ".."}.intersection(segments)


def _check_websocket(route: Route, fields: Fields) -> None:
    if route.websocket and route.methods and route.methods != {"GET"}:
        fields.mistake("methods", "a websocket route takes GET alone")
    if route.websocket and route.upstream == LOCAL:
        fields.mistake("websocket", "the gateway's own pages are no websockets")


def _check_unique(route: Route, fields: Fields, named: dict[str, int], taken: dict[tuple[str, bool, str], str]) -> None:
    if route.name and named.setdefault(route.name, fields.line()) != fields.line():
        fields.mistake("name", f"name {route.name!r} is taken by the route in line {named[route.name]}")
    for method in sorted(route.methods if route.prefix else ()):
        owner = taken.setdefault((route.prefix, route.exact, method), route.name)
        if owner != route.name:
            fields.mistake("methods", f"{method} {route.prefix} is route {owner!r} already")
