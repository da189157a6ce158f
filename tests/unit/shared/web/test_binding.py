"""What a row of the route table and its handler's signature make of requests, over real sockets."""

from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest
from yarl import URL

from shared.identity import ANONYMOUS, HEADER, Identity
from tests.unit.shared.forging import forge
from tests.unit.shared.web.small_service import PERSON, PROGRAM, SCRIPT, SIGNED_IN, THING_ID, SmallService, problem


@pytest.mark.parametrize(
    ("path", "who", "expected"),
    [
        ("/v1/greeting", ANONYMOUS, 200),
        ("/v1/greeting", PERSON, 200),
        ("/v1/greeting", PROGRAM, 200),
        ("/v1/things", ANONYMOUS, (401, "unauthenticated")),
        ("/v1/things", PERSON, 200),
        ("/v1/things", PROGRAM, (401, "unauthenticated")),
        ("/v1/programs", ANONYMOUS, (403, "forbidden")),
        ("/v1/programs", PERSON, (403, "forbidden")),
        ("/v1/programs", PROGRAM, 200),
    ],
)
async def test_route_serves_those_it_is_for(
    service: SmallService, path: str, who: Identity, expected: int | tuple[int, str]
) -> None:
    answer = await service.get(path, who)
    assert (answer.status if expected == 200 else await problem(answer)) == expected
    assert ("WWW-Authenticate" in answer.headers) == (answer.status == 401)


async def test_route_for_sessions_takes_no_api_key(service: SmallService) -> None:
    answers = [await service.ask("POST", "/v1/leaving", who) for who in (ANONYMOUS, PROGRAM, SCRIPT)]
    assert [await problem(answer) for answer in answers] == [
        (401, "unauthenticated"),
        (401, "unauthenticated"),
        (403, "session_required"),
    ]
    answer = await service.ask("POST", "/v1/leaving", SIGNED_IN)
    assert (answer.status, answer.headers["X-Left"], await answer.read()) == (204, "yes", b"")


async def test_route_for_administrators_takes_their_sessions_alone(service: SmallService) -> None:
    strangers = (ANONYMOUS, PROGRAM, SCRIPT, replace(SCRIPT, roles=("admin",)), SIGNED_IN)
    near = replace(SIGNED_IN, roles=("Admin", "admin ", "administrator"))
    answers = [await service.ask("POST", "/v1/reading", who) for who in (*strangers, near)]
    assert [await problem(answer) for answer in answers] == [
        (401, "unauthenticated"),
        (401, "unauthenticated"),
        (403, "session_required"),
        (403, "session_required"),
        (403, "insufficient_role"),
        (403, "insufficient_role"),
    ]
    assert (await service.ask("POST", "/v1/reading", replace(SIGNED_IN, roles=("editor", "admin")))).status == 204


@pytest.mark.parametrize("path", ["/v1/greeting", "/v1/things", "/openapi.json", "/nowhere", "/livez", "/readyz"])
async def test_nothing_is_answered_without_an_assertion(service: SmallService, path: str) -> None:
    """U9: the service's port without X-Identity."""
    answer = await service.get(path, who=None)
    assert await problem(answer) == (401, "unauthenticated")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_two_assertions_are_none(service: SmallService) -> None:
    """G8: duplicates."""
    for headers in ([(HEADER, forge()), (HEADER, forge())], [(HEADER, "garbage")], [(HEADER, "")]):
        answer = await service.public.get("/v1/greeting", headers=headers)
        assert await problem(answer) == (401, "unauthenticated")


async def test_path_parameters_arrive_as_what_they_are(service: SmallService) -> None:
    answer = await service.get("/v1/parts/a%20b/42")
    assert await answer.json() == {"told": "a b 42"}


@pytest.mark.parametrize(
    "path",
    [
        "/v1/things/nothing",
        "/v1/things/5",
        f"/v1/things/{THING_ID.hex}",
        f"/v1/things/%7B{THING_ID}%7D",
        f"/v1/things/urn:uuid:{THING_ID}",
        f"/v1/things/{THING_ID}%20",
        f"/v1/things/{THING_ID}%00",
        "/v1/parts/a/x",
        "/v1/parts/a/-1",
        "/v1/parts/a/+1",
        "/v1/parts/a/01",
        "/v1/parts/a/1_0",
        "/v1/parts/a/%201",
        "/v1/parts/a/1.0",
        f"/v1/parts/a/{2**63}",
        f"/v1/parts/a/{'9' * 5000}",
        f"/v1/parts/a/{quote(chr(0xFF11))}",
        "/v1/parts/a%00/1",
        "/v1/parts/a%0A/1",
        "/v1/nowhere",
        "/",
    ],
)
async def test_path_that_can_name_nothing_names_nothing(service: SmallService, path: str) -> None:
    assert await problem(await service.get(path)) == (404, "not_found")


async def test_an_id_may_be_written_in_capitals(service: SmallService) -> None:
    answer = await service.get(f"/v1/things/{str(THING_ID).upper()}")
    assert (await answer.json())["name"] == str(THING_ID)


@pytest.mark.parametrize(
    ("query", "place"),
    [
        pytest.param("limit=0", "limit", id="zero"),
        pytest.param("limit=-1", "limit", id="negative"),
        pytest.param("limit=101", "limit", id="above the maximum"),
        pytest.param(f"limit={2**31}", "limit", id="2^31"),
        pytest.param(f"limit={2**63}", "limit", id="2^63"),
        pytest.param(f"limit={2**64}", "limit", id="2^64"),
        pytest.param(f"limit={'9' * 5000}", "limit", id="5,000 digits"),
        pytest.param("limit=1.5", "limit", id="fraction"),
        pytest.param("limit=ten", "limit", id="word"),
        pytest.param("limit=", "limit", id="empty"),
        pytest.param("limit=%2B1", "limit", id="plus sign"),
        pytest.param(f"limit={quote(chr(0xFF11))}", "limit", id="Unicode digit"),
        pytest.param("near=nan", "near", id="not a number"),
        pytest.param("near=inf", "near", id="infinity"),
        pytest.param("colour=green", "colour", id="unknown choice"),
        pytest.param("shape=round", "shape", id="unknown parameter"),
        pytest.param("Limit=1", "Limit", id="other case"),
        pytest.param("limit=1&limit=1", None, id="repeated"),
        pytest.param("limit=1&limit=2", None, id="repeated with another value"),
        pytest.param("cursor=a%00", None, id="NUL"),
        pytest.param("a%0Ab=1", None, id="line feed in a name"),
        pytest.param("cursor=x", "cursor", id="forged cursor"),
        pytest.param(f"cursor={'x' * 65}", "cursor", id="long cursor"),
        pytest.param("cursor=%FF%ED%A0%80", "cursor", id="not UTF-8"),
    ],
)
async def test_query_that_is_not_exactly_understood_is_refused(
    service: SmallService, query: str, place: str | None
) -> None:
    """U4: limit -1, 2^31, 2^63, forged cursor. U8: repeated parameters."""
    answer = await service.get(f"/v1/things?{query}")
    assert await problem(answer) == (400, "invalid_parameter")
    found = (await answer.json()).get("errors")
    assert (found[0]["pointer"] if found else None) == place


async def test_route_without_query_refuses_one(service: SmallService) -> None:
    assert await problem(await service.get("/v1/greeting?id=1")) == (400, "invalid_parameter")


async def test_query_of_others_is_the_handlers_own_business(service: SmallService) -> None:
    answer = await service.get("/v1/return?state=a&state=b&what=ever")
    assert (answer.status, await answer.json()) == (200, {"told": "state=a&state=b&what=ever"})


async def test_list_is_walked_by_its_links(service: SmallService) -> None:
    path, names = "/v1/things?limit=3&colour=red", list[str]()
    while path:
        answer = await service.get(path)
        page = await answer.json()
        names += [each["name"] for each in page["items"]]
        link = answer.links.get("next")
        assert (link is not None) == (page["next_cursor"] is not None)
        path = URL(str(link["url"])).path_qs if link else ""
        assert not path or path.startswith("/v1/things?limit=3&colour=red&cursor=")
    assert names == [str(number) for number in range(1, 8)]


@pytest.mark.parametrize("path", ["/v1/things", "/v1/parts/a/1"])
async def test_json_is_kept_by_no_browser(service: SmallService, path: str) -> None:
    """ASVS 5.0, 14.3.2."""
    reply = await service.get(path)
    assert (reply.status, reply.headers["Cache-Control"]) == (200, "no-store")


async def test_head_tells_what_get_does_and_sends_nothing(service: SmallService) -> None:
    head, get = [await service.ask(method, f"/v1/things/{THING_ID}") for method in ("HEAD", "GET")]
    assert (head.status, await head.read()) == (200, b"")
    for name in ("Content-Length", "Content-Type", "ETag", "Cache-Control"):
        assert head.headers[name] == get.headers[name]
    assert (await service.ask("HEAD", "/v1/whole", ANONYMOUS)).status == 200


async def test_created_thing_has_a_location_and_a_tag(service: SmallService) -> None:
    answer = await service.ask("POST", "/v1/things", json={"name": "new"})
    assert answer.status == 201
    assert (answer.headers["Location"], answer.headers["ETag"]) == (f"/v1/things/{THING_ID}", '"v1"')
    assert (await answer.json())["name"] == "new"


@pytest.mark.parametrize(
    ("tag", "status"),
    [('"v1"', 304), ('W/"v1"', 304), ('"v0", "v1"', 304), ("*", 304), ('"v0"', 200), ("v1", 200), ("", 200)],
)
async def test_unchanged_resource_is_not_sent_again(service: SmallService, tag: str, status: int) -> None:
    answer = await service.get(f"/v1/things/{THING_ID}", headers={"If-None-Match": tag})
    assert (answer.status, answer.headers["ETag"], answer.headers["Cache-Control"]) == (status, '"v1"', "no-cache")
    assert bool(await answer.read()) == (status == 200)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"data": b'{"name": 5}', "headers": {"Content-Type": "application/json"}}, (400, "malformed_body")),
        ({"data": b"", "headers": {"Content-Type": "application/json"}}, (400, "malformed_body")),
        ({"json": {"name": "n", "role": "admin"}}, (400, "malformed_body")),
        ({"json": {"name": "n" * 21}}, (400, "malformed_body")),
        ({"json": {"name": "n" * 2000}}, (413, "body_too_large")),
        ({"data": b"name=n", "headers": {"Content-Type": "text/plain"}}, (415, "unsupported_media_type")),
        ({"data": b"{}", "headers": {"Content-Type": ""}}, (415, "unsupported_media_type")),
        ({"data": b"{}", "headers": {"Content-Type": 'application/json; charset="'}}, (400, "malformed_body")),
        ({"data": b"{}", "headers": {"Content-Type": "application/json; charset=l1"}}, (415, "unsupported_media_type")),
    ],
)  # fmt: skip
async def test_body_that_does_not_fit_is_refused(
    service: SmallService, options: dict[str, Any], expected: tuple[int, str]
) -> None:
    assert await problem(await service.ask("POST", "/v1/things", **options)) == expected


async def test_optional_body_may_be_left_out(service: SmallService) -> None:
    empty = {"Content-Type": "application/json"}
    assert await (await service.ask("POST", "/v1/notes")).json() == {"told": "nothing"}
    assert await (await service.ask("POST", "/v1/notes", data=b"", headers=empty)).json() == {"told": "nothing"}
    assert await (await service.ask("POST", "/v1/notes", json={"text": "hi"})).json() == {"told": "hi"}
    assert await problem(await service.ask("POST", "/v1/notes", json={})) == (400, "malformed_body")
    assert await problem(await service.ask("POST", "/v1/notes", data=b"null", headers=empty)) == (400, "malformed_body")


async def test_who_may_not_ask_is_told_so_before_what_was_asked_is_looked_at(service: SmallService) -> None:
    answer = await service.ask("POST", "/v1/things?x=1", ANONYMOUS, data=b"garbage")
    assert await problem(answer) == (401, "unauthenticated")


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [("192.0.2.7", "192.0.2.7"), ("2001:DB8::1", "2001:db8::1"), ("", ""), ("a, b", ""), ("192.0.2.7, 10.0.0.1", "")],
)
async def test_clients_address_is_the_one_that_the_gateway_resolved(
    service: SmallService, forwarded: str, address: str
) -> None:
    answer = await service.get("/v1/greeting", headers={"X-Forwarded-For": forwarded})
    assert await answer.json() == {"told": f"user {address}"}
