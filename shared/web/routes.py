"""The declarative route table. A row and its handler's signature are all there is: routing, validation, the answer's
status and the OpenAPI document follow from them.

    Route("PATCH", "/v1/users/me", update_me, errors=(NameTaken,))
    async def update_me(request: web.Request, body: ProfilePatch) -> Answer[ProfileView]: ...

A handler's parameters after `request` are taken by name: those of the path, `query` and `body`; their annotations
are msgspec structs (or UUID, str, int in a path). Its return annotation gives the status: a struct 200, `Answer` 200,
`Page` 200, `Created` 201, `Accepted` 202, None and `NoContent` 204,
`Created[A] | Accepted[B]` either; a handler that returns `web.StreamResponse` answers by itself.
"""

import inspect
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec
from aiohttp import web

from shared.errors import AppError
from shared.web.answers import Accepted, Answer, Created, NoContent, Page
from shared.web.body import JSON_TYPES
from shared.web.pages.answers import PageAnswer

Handler = Callable[..., Awaitable[object]]
_ANSWERS = {Answer: 200, Created: 201, Accepted: 202}
PATH_TYPES: tuple[type, ...] = (UUID, int, str)


class Auth(StrEnum):
    """Whom a route serves. Every one of them needs a valid assertion."""

    PUBLIC = "public"  # anybody
    USER = "user"  # a person, by a session or by an API key
    SESSION = "session"  # a signed-in person: what no API key may do
    ADMIN = "admin"  # a signed-in person with the role of that name
    SERVICE = "service"  # another process of ours


OF_SESSIONS = (Auth.SESSION, Auth.ADMIN)
OF_PEOPLE = (Auth.USER, *OF_SESSIONS)
ADMIN_ROLE = "admin"  # whoever has it may all that a route for administrators offers


@dataclass(frozen=True, slots=True)
class PageRules:
    """What makes a route a page (GET), or the target of a form (POST), for people rather than programs.

    `signed_in`: who isn't is led to sign in. `on`: the page that a form stands on, which is shown again when it is
    refused. `faults`: the form's field that an error is about, by the error's code, where the error itself names none.
    `streamed`: the form's handler reads its body by itself (shared/web/pages/streaming.py).
    """

    signed_in: bool = False
    on: "Route | None" = None
    faults: Mapping[str, str] = field(default_factory=dict)
    streamed: bool = False


@dataclass(frozen=True, slots=True)
class Route:
    """`raw_body` names the media types that a handler without a `body` parameter reads from the stream itself,
    `raw_answer` those that one returning `web.StreamResponse` gives; both are for the OpenAPI document. A GET's handler
    is asked for HEAD too, and one that streams must then send nothing behind the head. A `foreign_query` is written by
    others, who add what they like: the handler reads it from the request by itself. The `example` is a body that the
    document shows, and that whoever tries the route there begins with.
    """

    method: str
    path: str
    handler: Handler
    auth: Auth = Auth.USER
    errors: tuple[type[AppError], ...] = ()
    idempotent: bool = False  # takes Idempotency-Key
    body_types: tuple[str, ...] = JSON_TYPES
    example: Mapping[str, object] | None = None
    max_body: int = 65_536  # bytes of a JSON body
    raw_body: tuple[str, ...] = ()
    raw_answer: tuple[str, ...] = ()
    foreign_query: bool = False
    hidden: bool = False  # it tells who comes by mistake what is right, and is no part of the API's description
    page: PageRules | None = None  # it is for people, and no part of the API's description


@dataclass(frozen=True, slots=True)
class Signature:
    """What a handler takes and gives, read from its annotations once."""

    path: dict[str, type]
    query: type[msgspec.Struct] | None
    body: type[Any] | None
    body_optional: bool
    status: int
    answer: Any  # the type that is encoded, or None
    also: tuple[tuple[int, Any], ...] = ()  # the same of what it may return instead


def read_signature(route: Route) -> Signature:
    """Raises TypeError when the handler's signature doesn't fit its row."""
    return _signature(route.method, route.path, route.handler)


@cache
def _signature(method: str, path: str, handler: Handler) -> Signature:
    """Read it once for each row, however often it is asked for."""
    hints = get_type_hints(handler)
    names = list(inspect.signature(handler).parameters)[1:]
    in_path = re.findall(r"{(\w+)}", path)
    try:
        taken = _path_types(set(names) - {"query", "body"}, in_path, hints)
        query = _strict("query", hints.get("query")) if "query" in names else None
        body, optional = _body_type(hints.get("body")) if "body" in names else (None, False)
        (status, answer), *also = _answer_types(hints.get("return", "nothing that its annotation tells"))
    except TypeError as exc:
        raise TypeError(f"{method} {path}: {handler.__name__} {exc}") from None
    return Signature(taken, query, body, optional, status, answer, tuple(also))


def _path_types(names: set[str], in_path: Sequence[str], hints: Mapping[str, Any]) -> dict[str, type]:
    if names != set(in_path):
        raise TypeError(f"takes {sorted(names)} of a path that gives {in_path}")
    for name in in_path:
        if hints.get(name) not in PATH_TYPES:
            raise TypeError(f"takes {name} as {hints.get(name)}, which no path can give")
    return {name: hints[name] for name in in_path}


def _strict(name: str, hint: Any) -> type[msgspec.Struct]:
    """Return the struct, which must refuse fields that it doesn't know."""
    if not (
        inspect.isclass(hint) and issubclass(hint, msgspec.Struct) and hint.__struct_config__.forbid_unknown_fields
    ):
        raise TypeError(f"takes {name} as {hint}, which is no struct that forbids unknown fields")
    return hint


def _body_type(hint: Any) -> tuple[type[Any] | None, bool]:
    if get_origin(hint) in (Union, UnionType) and NoneType in get_args(hint):
        return _strict("body", next(kind for kind in get_args(hint) if kind is not NoneType)), True
    return _strict("body", hint), False


def _answer_types(hint: Any) -> list[tuple[int, Any]]:
    either = get_args(hint) if get_origin(hint) in (Union, UnionType) else ()
    if either and all(get_origin(each) in _ANSWERS for each in either):
        return [_answer_type(each) for each in either]
    return [_answer_type(hint)]


def _answer_type(hint: Any) -> tuple[int, Any]:
    origin = get_origin(hint) or hint
    if origin in (NoneType, NoContent):
        return 204, None
    if inspect.isclass(origin) and issubclass(origin, web.StreamResponse | PageAnswer):
        return 200, None
    if origin in _ANSWERS and get_args(hint):
        return _ANSWERS[origin], get_args(hint)[0]
    if origin is Page or (inspect.isclass(origin) and issubclass(origin, msgspec.Struct)):
        return 200, hint
    raise TypeError(f"returns {hint}, which is no answer")
