"""Whatever is sent to a route of auth_service, it is told to be the sender's mistake, and nothing is stored for it."""

import asyncio
import io
import json
import time

import pytest

from auth_service.routes import PRIVATE_ROUTES, ROUTES
from shared.web.routes import Auth, Route, read_signature
from tests.integration.auth_service.administrators import make_admin
from tests.integration.auth_service.hostile import bodies
from tests.integration.auth_service.people import HOME, Person
from tests.integration.auth_service.world import AuthService

TAKING_BODIES = [route for route in (*ROUTES, *PRIVATE_ROUTES) if read_signature(route).body is not None]
ID = "00000000-0000-7000-8000-000000000000"
# Well-formed and strange, a body may also be fine (2xx), or be refused for what it asks: credentials, rights, limits.
ALLOWED = {200, 201, 202, 204, 400, 401, 403, 404, 409, 413, 415, 422, 429}
OTHER_TYPES = (
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/json; charset=utf-16",
    "application/xml",
    "",
)


def name(route: Route) -> str:
    return f"{route.method} {route.path}"


async def send(
    service: AuthService, route: Route, body: bytes | io.BytesIO, person: Person, content_type: str = "application/json"
) -> tuple[int, str]:
    path = route.path
    for parameter in read_signature(route).path:
        path = path.replace(f"{{{parameter}}}", ID)
    private = route.auth is Auth.SERVICE
    identity = service.gateway.program_headers() if private else service.gateway.headers(person, HOME)
    client = service.private if private else service.public
    headers = {**identity, "Content-Type": content_type}
    async with client.request(route.method, path, data=body, headers=headers) as response:
        return response.status, await response.text()


async def sender(service: AuthService, route: Route) -> Person:
    """Return somebody whom the route serves: what comes after its refusal is to be tried."""
    return await (make_admin(service) if route.auth is Auth.ADMIN else service.register())


@pytest.mark.parametrize("route", TAKING_BODIES, ids=name)
async def test_no_body_makes_a_route_fail(service: AuthService, route: Route) -> None:
    """G33, A21, A23: NUL, lone surrogates, repeated and unknown members, depth, huge numbers, wrong types."""
    person = await sender(service, route)
    for body in bodies(route):
        status, answer = await send(service, route, body, person)
        assert status in ALLOWED, (body[:200], answer)
        if status >= 400:
            assert json.loads(answer)["code"], body[:200]
    assert (await service.internal("GET", "/readyz")).status == 200


@pytest.mark.parametrize("route", TAKING_BODIES, ids=name)
async def test_only_json_is_read(service: AuthService, route: Route) -> None:
    """A26: no form of a foreign page can send it."""
    person = await sender(service, route)
    for content_type in OTHER_TYPES:
        status, answer = await send(service, route, b'{"session": "token"}', person, content_type)
        assert status == 415, (content_type, answer)


@pytest.mark.parametrize("route", TAKING_BODIES, ids=name)
async def test_body_of_200_kilobytes_is_refused_fast(service: AuthService, route: Route) -> None:
    """A22"""
    person = await sender(service, route)
    body = io.BytesIO(b'{"scopes": ["' + b"s" * max(200_000, route.max_body) + b'"]}')
    started = time.perf_counter()
    status, answer = await send(service, route, body, person)
    assert status == 413, answer
    assert time.perf_counter() - started < 5  # seconds: on a busy machine, too


@pytest.mark.parametrize("scopes", [["x" * 60_000], ["x"] * 10_000, ["x " * 20_000]], ids=["long", "many", "spaces"])
async def test_scope_that_fits_a_body_and_no_rule_is_refused_fast(service: AuthService, scopes: list[str]) -> None:
    """A22"""
    person = await service.register()
    started = time.perf_counter()
    reply = await service.post("/v1/auth/api-keys", {"name": "a key", "scopes": scopes}, person=person)
    assert reply.status in (400, 413, 422)
    assert time.perf_counter() - started < 5  # seconds: on a busy machine, too


@pytest.mark.parametrize(
    ("registered", "twin"),
    [
        pytest.param("ada@example.org", "ADA@EXAMPLE.ORG", id="case"),
        pytest.param("josé@example.org", "jose\u0301@example.org", id="composed and not"),
        pytest.param("ada@example.org", "\uff41da@example.org", id="full width, NFKC"),
        pytest.param("ﬁona@example.org", "fiona@example.org", id="ligature, NFKC"),
        pytest.param("ada@bücher.example", "ada@xn--bcher-kva.example", id="IDN and punycode"),
        pytest.param("ada@BÜCHER.example", "ada@bücher.example", id="IDN in capitals"),
        pytest.param("ada@example\u3002org", "ada@example.org", id="ideographic full stop"),
        pytest.param("ISTANBUL@example.org", "\u0131stanbul@example.org", id="dotless i"),
        pytest.param("istanbul@example.org", "\u0130stanbul@example.org", id="dotted capital i"),
        pytest.param("strasse@example.org", "straße@example.org", id="sharp s"),
    ],
)
async def test_twins_of_an_address_are_one_account_under_parallel_requests(
    service: AuthService, registered: str, twin: str
) -> None:
    """A23, A24"""
    password = "correct horse battery"
    replies = await asyncio.gather(
        *(
            service.post("/v1/auth/register", {"email": email, "password": password})
            for email in (registered, twin, registered, twin)
        )
    )
    assert sorted(reply.status for reply in replies) == [201, 409, 409, 409]
    assert (await service.try_login(twin)).status == 200
    assert await service.admin.fetchval("select count(*) from auth.account") == 1


@pytest.mark.parametrize(
    "email",
    [
        "ada@example.org\r\nBcc: everybody@example.org",
        "ada\n@example.org",
        "ada@example.org\u0000",
        "ada@example.org\u2028",
        "\u202eada@example.org",
        "ada\u200b@example.org",
        "ada@exa mple.org",
        "ada@@example.org",
        '"ada"@example.org',
        "ada@[127.0.0.1]",
        "ada@127.0.0.1",
        "ada@localhost",
        "ada@example..org",
        "ada@-example.org",
        "ada@xn--a.example",
        "a" * 65 + "@example.org",
        "a@" + "b" * 300 + ".org",
        "@example.org",
        "ada@",
        "ada",
        "<ada@example.org>",
        "ada@example.org, eve@example.org",
        "ada@example.org;eve@example.org",
    ],
)
async def test_what_is_no_address_is_refused(service: AuthService, email: str) -> None:
    """A23: CRLF and other ways into a mail's head included."""
    reply = await service.post("/v1/auth/register", {"email": email, "password": "correct horse battery"})
    assert reply.status in (400, 422)
    assert await service.admin.fetchval("select count(*) from auth.account") == 0
