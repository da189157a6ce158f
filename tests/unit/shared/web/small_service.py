"""A service with one route of each kind, built as all are, over real sockets."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import msgspec
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer

from shared.errors import AppError, Unavailable, Violation
from shared.identity import HEADER, Identity, Kind, Verifier
from shared.lifecycle import Lifecycle
from shared.web.answers import Answer, Created, NoContent, Page
from shared.web.app import private_app, public_app
from shared.web.context import client_address, identity_of
from shared.web.health import Check
from shared.web.paging import PageQuery, decode_cursor, make_page
from shared.web.routes import Auth, Route
from tests.unit.shared.forging import AUDIENCE, TRUST, USER_ID, gateway

PERSON = Identity(Kind.USER, USER_ID)
SIGNED_IN = Identity(Kind.USER, USER_ID, "s-1")
SCRIPT = Identity(Kind.USER, USER_ID, api_key_id="k-1")
PROGRAM = Identity(Kind.SERVICE, "gateway")
THING_ID = UUID("0195f3a0-0000-7000-8000-0000000000aa")


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class ThingQuery(PageQuery, forbid_unknown_fields=True, frozen=True):
    """A list's query: its page, and a filter."""

    colour: Colour | None = None
    near: Annotated[float, msgspec.Meta(ge=0, le=30)] = 0


class NewThing(msgspec.Struct, forbid_unknown_fields=True):
    name: Annotated[str, msgspec.Meta(max_length=20)]
    colour: Colour = Colour.RED


class Note(msgspec.Struct, forbid_unknown_fields=True):
    text: str


class Thing(msgspec.Struct):
    thing_id: UUID
    name: str
    colour: Colour
    made_at: datetime


class Told(msgspec.Struct):
    """What a handler was given."""

    told: str


class ThingLocked(AppError):
    """Somebody else works on the thing; wait until they are done."""

    code, status, title = "thing_locked", 409, "The thing is locked"


def thing(name: str = "a") -> Thing:
    return Thing(THING_ID, name, Colour.RED, datetime(2026, 1, 2, tzinfo=UTC))


async def list_things(_request: web.Request, query: ThingQuery) -> Page[Thing]:
    """List things.

    Newest last.
    """
    last = decode_cursor("things", query.cursor)
    rows = [UUID(int=number) for number in range((last.int + 1) if last else 1, 8)][: query.limit + 1]
    return make_page("things", rows, query.limit, lambda row: row, lambda row: thing(str(row.int)))


async def create_thing(_request: web.Request, body: NewThing) -> Created[Thing]:
    return Created(thing(body.name), "v1", location=f"/v1/things/{THING_ID}")


async def get_thing(_request: web.Request, thing_id: UUID) -> Answer[Thing]:
    return Answer(thing(str(thing_id)), "v1", {"Cache-Control": "no-cache"})


async def delete_thing(_request: web.Request, thing_id: UUID) -> None:
    raise ThingLocked(f"<script>alert({thing_id.int % 100})</script>", errors=[Violation("/name", "is <b>bold</b>")])


async def get_part(_request: web.Request, name: str, number: int) -> Told:
    return Told(f"{name} {number}")


async def note_thing(_request: web.Request, body: Note | None) -> Told:
    return Told("nothing" if body is None else body.text)


async def greet(request: web.Request) -> Told:
    return Told(f"{identity_of(request).kind} {client_address(request)}")


async def come_back(request: web.Request) -> Told:
    return Told(request.query_string)


async def serve_programs(_request: web.Request) -> Told:
    return Told("program")


async def leave(_request: web.Request) -> NoContent:
    return NoContent({"X-Left": "yes"})


async def read_all(_request: web.Request) -> None:
    """Read what is for administrators."""


async def fail(_request: web.Request) -> None:
    raise RuntimeError("the password is hunter2")


async def fail_below(_request: web.Request) -> None:
    raise Unavailable("The database doesn't answer.", retry_after=3) from ConnectionError("socket of hunter2")


async def break_off(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "10"})
    await response.prepare(request)
    await response.write(b"half ")
    raise RuntimeError("no more")


async def download(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    if request.method != "HEAD":
        await response.write(b"whole")
    return response


ROUTES = (
    Route("GET", "/v1/things", list_things),
    Route(
        "POST",
        "/v1/things",
        create_thing,
        errors=(ThingLocked,),
        idempotent=True,
        max_body=1000,
        example={"name": "pump"},
    ),
    Route("GET", "/v1/things/{thing_id}", get_thing),
    Route("DELETE", "/v1/things/{thing_id}", delete_thing, errors=(ThingLocked,)),
    Route("GET", "/v1/parts/{name}/{number}", get_part),
    Route("POST", "/v1/notes", note_thing),
    Route("GET", "/v1/greeting", greet, Auth.PUBLIC),
    Route("GET", "/v1/return", come_back, Auth.PUBLIC, foreign_query=True),
    Route("GET", "/v1/programs", serve_programs, Auth.SERVICE),
    Route("POST", "/v1/leaving", leave, Auth.SESSION),
    Route("POST", "/v1/reading", read_all, Auth.ADMIN),
    Route("GET", "/v1/failure", fail, Auth.PUBLIC),
    Route("GET", "/v1/outage", fail_below, Auth.PUBLIC),
    Route("GET", "/v1/half", break_off, Auth.PUBLIC, raw_answer=("text/plain",)),
    Route("GET", "/v1/whole", download, Auth.PUBLIC, raw_answer=("text/plain",)),
)


@dataclass
class SmallService:
    """Asks as `who` says, through the gateway's assertion, unless a request brings headers of its own for that."""

    public: TestClient[Any, Any]
    private: TestClient[Any, Any]
    lifecycle: Lifecycle
    checks: dict[str, Check] = field(default_factory=dict)

    async def ask(self, method: str, path: str, who: Identity | None = PERSON, **options: Any) -> ClientResponse:
        headers = {HEADER: gateway().sign(who, AUDIENCE)} if who is not None else {}
        headers |= options.pop("headers", {})
        return await self.public.request(method, path, headers=headers, **options)

    async def get(self, path: str, who: Identity | None = PERSON, **options: Any) -> ClientResponse:
        return await self.ask("GET", path, who, **options)


@asynccontextmanager
async def small_service() -> AsyncIterator[SmallService]:
    lifecycle, checks = Lifecycle(), dict[str, Check]()
    verifier = Verifier(TRUST, AUDIENCE)
    public = TestServer(public_app("Things", ROUTES, verifier, lifecycle))
    private = TestServer(private_app((), verifier, checks, lifecycle))
    async with TestClient(public) as public_client, TestClient(private) as private_client:
        yield SmallService(public_client, private_client, lifecycle, checks)


async def problem(answer: ClientResponse) -> tuple[int, str]:
    """Return status and code; fails for an answer that is no problem document."""
    assert answer.content_type == "application/problem+json"
    document = await answer.json()
    assert document["status"] == answer.status
    assert document["request_id"] == answer.headers["X-Request-Id"]
    return answer.status, document["code"]
