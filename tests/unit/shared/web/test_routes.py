from collections.abc import Callable
from typing import Any
from uuid import UUID

import msgspec
import pytest
from aiohttp import web

from shared.web.answers import Answer, Created, Page
from shared.web.routes import Route, read_signature


class Strict(msgspec.Struct, forbid_unknown_fields=True):
    name: str


class Lax(msgspec.Struct):
    name: str


async def everything(_request: web.Request, thing_id: UUID, part: int, query: Strict, body: Strict) -> Strict:
    return body


async def optional(_request: web.Request, body: Strict | None) -> None: ...


async def created(_request: web.Request) -> Created[Lax]: ...  # type: ignore[empty-body]
async def answer(_request: web.Request) -> Answer[Lax]: ...  # type: ignore[empty-body]
async def page(_request: web.Request) -> Page[Lax]: ...  # type: ignore[empty-body]
async def streamed(_request: web.Request) -> web.FileResponse: ...  # type: ignore[empty-body]


def test_signature_tells_what_a_handler_takes() -> None:
    found = read_signature(Route("PUT", "/v1/things/{thing_id}/parts/{part}", everything))
    assert found.path == {"thing_id": UUID, "part": int}
    assert (found.query, found.body, found.body_optional) == (Strict, Strict, False)
    assert read_signature(Route("POST", "/", optional)).body_optional


@pytest.mark.parametrize(
    ("handler", "status", "kind"),
    [
        (optional, 204, None),
        (created, 201, Lax),
        (answer, 200, Lax),
        (page, 200, Page[Lax]),
        (streamed, 200, None),
    ],
)
def test_annotation_gives_the_status(handler: Callable[..., Any], status: int, kind: object) -> None:
    found = read_signature(Route("POST", "/", handler))
    assert (found.status, found.answer) == (status, kind)


async def no_annotation(_request, thing_id): ...  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
async def path_of_no_type(_request: web.Request, thing_id) -> None: ...  # type: ignore[no-untyped-def]  # noqa: ANN001
async def path_of_odd_type(_request: web.Request, thing_id: float) -> None: ...
async def other_name(_request: web.Request, id_: UUID) -> None: ...
async def nothing(_request: web.Request) -> None: ...
async def lax_query(_request: web.Request, thing_id: UUID, query: Lax) -> None: ...
async def lax_body(_request: web.Request, thing_id: UUID, body: Lax) -> None: ...
async def lax_optional_body(_request: web.Request, thing_id: UUID, body: Lax | None) -> None: ...
async def loose_body(_request: web.Request, thing_id: UUID, body: dict[str, str]) -> None: ...
async def untyped_query(_request: web.Request, thing_id: UUID, query) -> None: ...  # type: ignore[no-untyped-def]  # noqa: ANN001
async def answers_text(_request: web.Request, thing_id: UUID) -> str: ...  # type: ignore[empty-body]
async def answers_anything(_request: web.Request, thing_id: UUID) -> Created: ...  # type: ignore[empty-body, type-arg]
async def answers_perhaps(_request: web.Request, thing_id: UUID) -> Lax | None: ...


@pytest.mark.parametrize(
    "handler",
    [
        no_annotation, path_of_no_type, path_of_odd_type, other_name, nothing, lax_query, lax_body, lax_optional_body,
        loose_body, untyped_query, answers_text, answers_anything, answers_perhaps,
    ],
)  # fmt: skip
def test_handler_that_does_not_fit_its_row_is_refused_by_name(handler: Callable[..., Any]) -> None:
    with pytest.raises(TypeError, match=rf"GET /v1/things/{{thing_id}}: {handler.__name__} (takes|returns)"):
        read_signature(Route("GET", "/v1/things/{thing_id}", handler))
