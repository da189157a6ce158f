"""The declarative route table. A row and its handler's signature are all there is: routing, validation, the answer's
status and the OpenAPI document follow from them.

    Route("PATCH", "/v1/users/me", update_me, errors=(NameTaken,))
    async def update_me(request: web.Request, body: ProfilePatch) -> Answer[ProfileView]: ...

A handler's parameters after `request` are taken by name: those of the path, `query` and `body`; their annotations
are msgspec structs (or UUID, str, int in a path). Its return annotation gives the status: a struct 200, `Answer` 200,
`Page` 200, `Created` 201, None 204; a handler that returns `web.StreamResponse` answers by itself.
"""

import inspect
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import msgspec
from aiohttp import web

from shared.errors import AppError
from shared.web.answers import Answer, Created, Page
from shared.web.body import JSON_TYPES

Handler = Callable[..., Awaitable[object]]


class Auth(StrEnum):
    """Whom a route serves. Every one of them needs a valid assertion."""

    PUBLIC = "public"  # anybody
    USER = "user"  # a signed-in person
    SERVICE = "service"  # another process of ours


@dataclass(frozen=True, slots=True)
class Route:
    """`raw_body` names the media types that a handler without a `body` parameter reads from the stream itself,
    `raw_answer` those that one returning `web.StreamResponse` gives; both are for the OpenAPI document.
    """

    method: str
    path: str
    handler: Handler
    auth: Auth = Auth.USER
    errors: tuple[type[AppError], ...] = ()
    idempotent: bool = False  # takes Idempotency-Key
    body_types: tuple[str, ...] = JSON_TYPES
    max_body: int = 65_536  # bytes of a JSON body
    raw_body: tuple[str, ...] = ()
    raw_answer: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Signature:
    """What a handler takes and gives, read from its annotations once."""

    path: dict[str, type]
    query: type[msgspec.Struct] | None
    body: type[Any] | None
    body_optional: bool
    status: int
    answer: Any  # the type that is encoded, or None


def read_signature(route: Route) -> Signature:
    """Raises TypeError when the handler's signature doesn't fit its row."""
    hints = get_type_hints(route.handler)
    names = list(inspect.signature(route.handler).parameters)[1:]
    in_path = re.findall(r"{(\w+)}", route.path)
    if set(names) - {"query", "body"} != set(in_path):
        raise TypeError(f"{route.method} {route.path}: {route.handler.__name__} takes {names}")
    body, optional = _body_type(hints.get("body"))
    status, answer = _answer_type(hints.get("return"))
    return Signature({name: hints[name] for name in in_path}, hints.get("query"), body, optional, status, answer)


def _body_type(hint: Any) -> tuple[type[Any] | None, bool]:
    if get_origin(hint) in (Union, UnionType) and NoneType in get_args(hint):
        return next(kind for kind in get_args(hint) if kind is not NoneType), True
    return hint, False


def _answer_type(hint: Any) -> tuple[int, Any]:
    origin = get_origin(hint) or hint
    if origin is NoneType or origin is None:
        return 204, None
    if inspect.isclass(origin) and issubclass(origin, web.StreamResponse):
        return 200, None
    if origin is Created:
        return 201, get_args(hint)[0]
    if origin is Answer:
        return 200, get_args(hint)[0]
    if origin is Page or (inspect.isclass(origin) and issubclass(origin, msgspec.Struct)):
        return 200, hint
    raise TypeError(f"{hint} is no answer that a handler may return")
