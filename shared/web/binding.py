"""Turns a row of the route table into an aiohttp handler: check who asks, parse, call, encode."""

import re
from collections.abc import Mapping
from typing import Any, TypeVar
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler as WebHandler

from shared.errors import (
    Forbidden,
    InsufficientRole,
    InvalidParameter,
    NotFound,
    SessionRequired,
    Unauthenticated,
    Violation,
)
from shared.identity import Identity, Kind
from shared.web.answers import Accepted, Answer, Created, NoContent, Page
from shared.web.body import check_content_type, decode_json, read_body
from shared.web.context import identity_of
from shared.web.etag import matches_none
from shared.web.faults import fault
from shared.web.routes import ADMIN_ROLE, OF_PEOPLE, OF_SESSIONS, Auth, Route, Signature, read_signature

# Unless the handler says otherwise, no browser keeps what may be somebody's (ASVS 5.0, 14.3.2).
_JSON = {"Content-Type": "application/json", "Cache-Control": "no-store"}

Q = TypeVar("Q", bound=msgspec.Struct)


class NoQuery(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The query of a route that takes none."""


# Controls, lone surrogates, and what hides or reorders text. Other spaces and joiners occur in honest names, and a
# character that this Python doesn't know yet is as good as any: hence no `isprintable`.
_UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ud800-\udfff\ufeff]")

_MAX_INT = 2**63

_encode = msgspec.json.Encoder().encode


def bind(route: Route) -> WebHandler:
    """Return the handler that aiohttp calls for `route`."""
    signature = read_signature(route)

    async def handle(request: web.Request) -> web.StreamResponse:
        _authorise(route.auth, identity_of(request))
        arguments: dict[str, Any] = path_values(request, signature)
        if not route.foreign_query:
            query = parse_query(request, signature.query or NoQuery)
            if signature.query is not None:
                arguments["query"] = query
        if signature.body is not None:
            arguments["body"] = await _body(request, route, signature)
        return _answer(request, await route.handler(request, **arguments), signature.status)

    return handle


def _authorise(auth: Auth, identity: Identity) -> None:
    if auth in OF_PEOPLE and identity.kind is not Kind.USER:
        raise Unauthenticated("Sign in first.")
    if auth in OF_SESSIONS and not identity.session_id:
        raise SessionRequired
    if auth is Auth.ADMIN and ADMIN_ROLE not in identity.roles:
        raise InsufficientRole
    if auth is Auth.SERVICE and identity.kind is not Kind.SERVICE:
        raise Forbidden("This is for Colonnade's own programs.")


def path_values(request: web.Request, signature: Signature) -> dict[str, Any]:
    """Convert the path's parameters; one that can't name anything is like one that names nothing: NotFound."""
    return {name: _path_value(request.match_info[name], kind) for name, kind in signature.path.items()}


def _path_value(text: str, kind: type) -> Any:
    """Return the one value that is spelled like `text`: what UUID and int put up with beside that is refused."""
    try:
        value = kind(text)
    except ValueError:
        raise NotFound from None
    spelled = text.lower() if kind is UUID else text
    if str(value) != spelled or _UNFIT.search(text) or (kind is int and not 0 <= value < _MAX_INT):
        raise NotFound
    return value


def parse_query(request: web.Request, kind: type[Q]) -> Q:
    """Return the query as a struct. Raises InvalidParameter for an unknown, repeated, missing or wrong one."""
    return to_query(request.query if request.rel_url.raw_query_string else {}, kind)


def to_query(values: Mapping[str, str], kind: type[Q]) -> Q:
    """Return these parameters as a struct. Raises InvalidParameter as above."""
    if len(set(values)) != len(values):
        raise InvalidParameter("A query parameter is given more than once.")
    if any(_UNFIT.search(text) for pair in values.items() for text in pair):
        raise InvalidParameter("A query parameter holds characters that can't be printed.")
    try:
        return msgspec.convert(dict(values), kind, strict=False)
    except msgspec.ValidationError as exc:
        found = fault(exc, kind)
        named = Violation(found.pointer.removeprefix("/"), found.detail)
        raise InvalidParameter("The query isn't valid.", errors=[named]) from exc


async def _body(request: web.Request, route: Route, signature: Signature) -> Any:
    if signature.body_optional and not request.body_exists:
        return None
    raw = await read_body(request, route.max_body)
    if signature.body_optional and not raw:
        return None
    check_content_type(request, route.body_types)
    assert signature.body is not None
    return decode_json(raw, signature.body)


def _answer(request: web.Request, result: object, status: int) -> web.StreamResponse:
    if isinstance(result, Answer):  # first, as most are; the next question is a slow one
        return _resource(request, result, status)
    if isinstance(result, web.StreamResponse):
        return result
    if result is None:
        return web.Response(status=204)
    if isinstance(result, NoContent):
        return web.Response(status=204, headers=result.headers)
    headers = _link(request, result) if isinstance(result, Page) else {}
    return web.Response(status=status, body=_encode(result), headers=_JSON | headers)


def _resource(request: web.Request, answer: Answer[Any], status: int) -> web.Response:
    headers = _JSON | answer.headers
    if answer.etag is not None:
        headers["ETag"] = f'"{answer.etag}"'
        if request.method in ("GET", "HEAD") and matches_none(request, answer.etag):
            del headers["Content-Type"]
            return web.Response(status=304, headers=headers)
    if isinstance(answer, Created):
        status, headers["Location"] = 201, answer.location
    elif isinstance(answer, Accepted):
        status = 202
    return web.Response(status=status, body=_encode(answer.body), headers=headers)


def _link(request: web.Request, page: Page[Any]) -> dict[str, str]:
    """Point to the next page (RFC 8288) relative to this one, so that a path prefix in front doesn't matter."""
    if page.next_cursor is None:
        return {}
    return {"Link": f'<?{urlencode(dict(request.query) | {"cursor": page.next_cursor})}>; rel="next"'}
