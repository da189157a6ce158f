import pytest

from shared.identity import ANONYMOUS, HEADER, Identity, Kind
from tests.integration.user_service.running_service import Person, RunningService

ROUTES = [("GET", "/v1/users/me"), ("PATCH", "/v1/users/me"), ("GET", "/v1/users?q=ada"), ("GET", "/openapi.json")]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"{", id="cut off"),
        pytest.param(b"[]", id="array"),
        pytest.param(b"null", id="null"),
        pytest.param(b'"text"', id="text"),
        pytest.param(b'{"bio": 1}', id="number for text"),
        pytest.param(b'{"bio": ["b"]}', id="array for text"),
        pytest.param(b'{"visibility": "friends"}', id="unknown visibility"),
        pytest.param(b'{"visibility": true}', id="boolean for visibility"),
        pytest.param(rb'{"bio": "a\u0000b"}', id="NUL"),
        pytest.param(b'{"bio": "a\0b"}', id="raw NUL"),
        pytest.param(rb'{"bio": "\ud800"}', id="lone surrogate"),
        pytest.param(rb'{"\ud800": 1}', id="lone surrogate in a name"),
        pytest.param(b'{"bio": "\xed\xa0\x80"}', id="encoded surrogate"),
        pytest.param(b'{"bio": "\xff"}', id="not UTF-8"),
        pytest.param(b'{"bio": NaN}', id="NaN"),
        pytest.param(b'{"bio": ' + b"9" * 5000 + b"}", id="5,000-digit integer"),
        pytest.param(b'{"bio": "a", "bio": "b"}', id="duplicate key"),
        pytest.param(b'{"bio": ' + b"[" * 30_000 + b"]" * 30_000 + b"}", id="deep"),
        pytest.param(b'{"role": "admin"}', id="role"),
        pytest.param(b'{"email_verified": true}', id="email_verified"),
        pytest.param(b'{"id": "00000000-0000-7000-8000-000000000000"}', id="id"),
    ],
)
async def test_malformed_body_is_refused_and_changes_nothing(ada: Person, body: bytes) -> None:
    """G33: JSON that parsers disagree on or choke on. A21: role, email_verified, id in a body."""
    response = await ada.client.patch(
        "/v1/users/me", data=body, headers={**ada.headers, "Content-Type": "application/json"}
    )

    assert (response.status, (await response.json())["code"]) == (400, "malformed_body")
    assert (await (await ada.get("/v1/users/me")).json())["bio"] == ""


async def test_body_that_is_too_large_is_refused(ada: Person) -> None:
    response = await ada.patch({"bio": "b" * 100_000})
    assert (response.status, (await response.json())["code"]) == (413, "body_too_large")


@pytest.mark.parametrize(
    "query",
    [
        "limit=-1&q=ada",
        "limit=0&q=ada",
        "limit=101&q=ada",
        "limit=2147483648&q=ada",
        "limit=9223372036854775808&q=ada",
        f"limit={'9' * 5000}&q=ada",
        "limit=1.5&q=ada",
        "limit=ten&q=ada",
        "limit=&q=ada",
        "cursor=&q=ada",
        "cursor=AAAA&q=ada",
        "cursor=%00&q=ada",
        f"cursor={'A' * 30}&q=ada",
        f"cursor={'A' * 5000}&q=ada",
        "cursor=../../etc/passwd&q=ada",
    ],
)
async def test_page_that_can_not_be_is_an_invalid_parameter(ada: Person, query: str) -> None:
    """U4: limit -1, 2^31, 2^63, forged cursor."""
    response = await ada.get(f"/v1/users?{query}")
    assert (response.status, (await response.json())["code"]) == (400, "invalid_parameter")


@pytest.mark.parametrize(
    "query",
    [
        pytest.param("", id="absent"),
        pytest.param("q=", id="empty"),
        pytest.param("q=ab", id="two characters"),
        pytest.param("q=" + "a" * 65, id="65 characters"),
        pytest.param("q=" + "a" * 7000, id="7,000 characters"),
        pytest.param("q=a%25_", id="wildcards"),
        pytest.param("q=%25%25%25", id="wildcards alone"),
        pytest.param("q=%5C%5C%5C", id="backslashes"),
        pytest.param("q=ada%00", id="NUL"),
        pytest.param("q=ada%E2%80%AE", id="direction override"),
        pytest.param("q=ada&sort=name", id="unknown parameter"),
        pytest.param("Q=ada", id="other case"),
    ],
)
async def test_search_for_too_little_or_for_what_no_name_holds_is_an_invalid_parameter(ada: Person, query: str) -> None:
    """U5: `%_`, NUL and over-long text in a search."""
    response = await ada.get(f"/v1/users?{query}")
    assert (response.status, (await response.json())["code"]) == (400, "invalid_parameter")


@pytest.mark.parametrize(
    "path", ["/v1/users?q=ada&q=bob", "/v1/users?q=ada&limit=1&limit=2", "/v1/users/me?id=1&id=2", "/v1/users/me?id=1"]
)
async def test_repeated_or_unknown_parameter_is_refused(ada: Person, path: str) -> None:
    """U8: ?id=1&id=2."""
    response = await ada.get(path)
    assert (response.status, (await response.json())["code"]) == (400, "invalid_parameter")


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_request_without_a_valid_assertion_is_refused(service: RunningService, method: str, path: str) -> None:
    """U9: the service's port without X-Identity, or with one that isn't for it."""
    genuine = service.asserted(Identity(Kind.USER, "00000000-0000-7000-8000-000000000000"))[HEADER]
    for headers in (
        {},
        {HEADER: ""},
        {HEADER: genuine[:-4]},
        {HEADER: f"Bearer {genuine}"},
        {"Authorization": f"Bearer {genuine}"},
        service.asserted(ANONYMOUS, audience="file_service"),
    ):
        response = await service.public.request(method, path, headers=headers)
        assert (response.status, (await response.json())["code"]) == (401, "unauthenticated")


@pytest.mark.parametrize(("method", "path"), ROUTES[:3])
async def test_nobody_but_a_person_has_or_sees_profiles(service: RunningService, method: str, path: str) -> None:
    """U9: neither anonymous requests nor other programs act as somebody."""
    for identity in (ANONYMOUS, Identity(Kind.SERVICE, "gateway")):
        response = await service.public.request(method, path, headers=service.asserted(identity), json={})
        assert response.status == 401
        assert response.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(("method", "allowed"), [("DELETE", "GET,HEAD,PATCH"), ("POST", "GET,HEAD,PATCH")])
async def test_other_methods_are_told_what_is_allowed(ada: Person, method: str, allowed: str) -> None:
    response = await ada.client.request(method, "/v1/users/me", headers=ada.headers)
    assert (response.status, response.headers["Allow"]) == (405, allowed)
