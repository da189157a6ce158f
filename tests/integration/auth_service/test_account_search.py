"""The administrators' search: what it finds, page by page, and what it refuses."""

from urllib.parse import quote

import pytest

from auth_service.repository import account_search
from tests.integration.auth_service.administrators import USERS, make_admin
from tests.integration.auth_service.people import Json, Person
from tests.integration.auth_service.world import AuthService

NAMES = [
    "ann@example.org",
    "Bob@Example.ORG",
    "carol_100%@mail.test",
    "dan@bücher.example",
    "ann.b@mail.test",
    "eve@xexample.org",
]


async def people(service: AuthService) -> list[Person]:
    return [await service.register(name) for name in NAMES]


async def found(service: AuthService, admin: Person, query: str) -> list[str]:
    reply = await service.call("GET", f"{USERS}?{query}", person=admin)
    assert reply.status == 200, reply
    return [each["email"] for each in reply.body["items"]]


@pytest.fixture(params=[2000, 1], ids=["by a walk", "by an index"])
def walked(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Both ways must find the same: a walk of one account never fills a page of more."""
    monkeypatch.setattr(account_search, "WALKED", request.param)
    walk: int = request.param
    return walk


@pytest.mark.usefixtures("walked")
@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("ann@", [0]),
        ("ANN", [4, 0]),
        ("example.org", [5, 1, 0]),
        ("bob", [1]),
        ("100%@", [2]),
        ("ol_1", [2]),
        ("ol%1", []),
        ("ann_b", []),
        ("xn--bcher", [3]),
        ("mail.test", [4, 2]),
        ("\\\\\\abc", []),
        ("nobody", []),
    ],
)
async def test_accounts_are_found_by_any_part_of_their_address(
    service: AuthService, part: str, expected: list[int]
) -> None:
    """U5: `%` and `_` are characters like any other."""
    admin = await make_admin(service)
    await service.admin.execute("update auth.account set email_key = 'root@admins.test'")
    await people(service)
    assert await found(service, admin, f"email={quote(part)}") == [NAMES[each] for each in expected]


@pytest.mark.usefixtures("walked")
async def test_accounts_are_found_by_what_they_are(service: AuthService) -> None:
    admin = await make_admin(service)
    ann, bob, carol, *_ = await people(service)
    run = service.admin.execute
    await run("update auth.account set roles = '{editor,support}' where user_id = $1", ann.user_id)
    await run("update auth.account set banned_at = now(), ban_reason = 'x' where user_id = $1", bob.user_id)
    await run(
        "update auth.account set banned_at = now(), ban_reason = 'x', banned_until = now() where user_id = $1",
        carol.user_id,
    )
    await run("update auth.account set email_verified_at = now() where user_id <> $1", carol.user_id)
    assert await found(service, admin, "role=editor") == [ann.email]
    assert await found(service, admin, "role=edit") == []
    assert await found(service, admin, "banned=true") == [bob.email]
    assert len(await found(service, admin, "banned=false")) == 6
    assert await found(service, admin, "verified=false") == [carol.email]
    assert len(await found(service, admin, "verified=true")) == 6
    assert await found(service, admin, f"id={bob.user_id}") == [bob.email]
    assert await found(service, admin, f"id={bob.user_id}&email=ann") == []
    assert await found(service, admin, "verified=true&role=support&email=ann") == [ann.email]
    assert await found(service, admin, "role=admin") == [admin.email]


@pytest.mark.usefixtures("walked")
async def test_pages_hold_everybody_once_and_in_order(service: AuthService) -> None:
    admin = await make_admin(service)
    everybody = [admin.email, *[each.email for each in await people(service)]][::-1]
    for query in ("limit=2&banned=false", "limit=3&verified=false"):
        seen: list[str] = []
        cursor: str | None = ""
        while cursor is not None:
            page: Json = (await service.call("GET", f"{USERS}?{query}{cursor}", person=admin)).body
            seen += [each["email"] for each in page["items"]]
            cursor = f"&cursor={page['next_cursor']}" if page["next_cursor"] else None
        assert seen == everybody


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=101",
        "limit=-1",
        "cursor=x",
        "email=ab",
        "email=a@b",
        "email=" + "x" * 255,
        "email=abc%00",
        "email=abc&email=abc",
        "banned=maybe",
        "id=1",
        "role=" + "x" * 33,
        "order=email",
    ],
)
async def test_bad_question_is_refused(service: AuthService, query: str) -> None:
    """U4, U8"""
    admin = await make_admin(service)
    reply = await service.call("GET", f"{USERS}?{query}", person=admin)
    assert (reply.status, reply.code) == (400, "invalid_parameter")


async def test_everybody_is_listed_where_nothing_is_asked(service: AuthService) -> None:
    admin = await make_admin(service)
    everybody = [admin.email, *[each.email for each in await people(service)]][::-1]
    assert await found(service, admin, "") == everybody


async def test_cursor_is_of_one_search_alone(service: AuthService) -> None:
    admin = await make_admin(service)
    await people(service)
    page = (await service.call("GET", f"{USERS}?limit=1&email=ann", person=admin)).body
    reply = await service.call("GET", f"{USERS}?limit=1&email=bob&cursor={page['next_cursor']}", person=admin)
    assert (reply.status, reply.code) == (400, "invalid_parameter")
