import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from auth_service.domain.api_keys import MOST_KEYS
from shared.credentials import is_api_key, new_api_key
from tests.integration.auth_service.people import PASSWORD, Json, Person
from tests.integration.auth_service.world import AuthService, until_blocked

PATH = "/v1/auth/api-keys"
WISH = {"name": "backup", "scopes": ["files:read", "files:write"]}


async def create(service: AuthService, person: Person, **changes: object) -> Json:
    reply = await service.post(PATH, WISH | changes, person=person)
    assert reply.status == 201, reply
    return reply.body


def in_days(days: float) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).isoformat()


async def test_key_is_told_once_and_stored_as_its_hash(service: AuthService) -> None:
    person = await service.register()
    reply = await service.post(PATH, WISH, person=person)
    key = reply.body["key"]
    assert is_api_key(key)
    assert reply.headers["Cache-Control"] == "no-store"
    shown = {name: value for name, value in reply.body.items() if name != "key"}
    assert (await service.call("GET", reply.headers["Location"], person=person)).body == shown
    listed = await service.call("GET", PATH, person=person)
    assert listed.body["items"] == [shown]
    assert key.startswith(shown["hint"])
    assert len(shown["hint"]) == 9
    assert (shown["expires_at"], shown["last_used_at"]) == (None, None)
    dump = await service.admin.fetchval("select string_agg(k::text, ' ') from auth.api_key k")
    assert key not in dump
    assert key[10:] not in dump


async def test_key_stands_for_its_owner_until_it_is_deleted(service: AuthService) -> None:
    person = await service.register()
    made = await create(service, person)
    assert await service.verify("api_key", made["key"]) == {
        "user_id": str(person.user_id),
        "credential_id": made["id"],
        "scopes": WISH["scopes"],
        "roles": [],
        "amr": [],
        "acr": "",
        "auth_time": 0,
        "expires_at": None,
    }
    path = f"{PATH}/{made['id']}"
    assert (await service.call("DELETE", path, person=person)).status == 204
    assert await service.verify("api_key", made["key"]) is None
    assert await service.events("api_key_revoked") == [(made["id"], {"user_id": str(person.user_id)})]
    for method in ("DELETE", "GET"):
        assert (await service.call(method, path, person=person)).code == "not_found"


async def test_key_dies_at_its_time(service: AuthService) -> None:
    person = await service.register()
    made = await create(service, person, expires_at=in_days(1))
    told = await service.verify("api_key", made["key"])
    assert told is not None
    assert datetime.fromisoformat(told["expires_at"]) == datetime.fromisoformat(made["expires_at"])
    await service.admin.execute("update auth.api_key set expires_at = now()")
    assert await service.verify("api_key", made["key"]) is None
    assert len((await service.call("GET", PATH, person=person)).body["items"]) == 1


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        pytest.param({"name": " "}, 422, "invalid_key_name", id="blank name"),
        pytest.param({"name": "x" * 101}, 422, "invalid_key_name", id="long name"),
        pytest.param({"name": "a\u202eb"}, 422, "invalid_key_name", id="name that turns text round"),
        pytest.param({"name": "a\0"}, 400, "malformed_body", id="G33 NUL"),
        pytest.param({"name": None}, 400, "malformed_body", id="no name"),
        pytest.param({"scopes": []}, 400, "malformed_body", id="no scope"),
        pytest.param({"scopes": ["a b"]}, 422, "invalid_scope", id="two scopes in one"),
        pytest.param({"scopes": ["files:read", ""]}, 422, "invalid_scope", id="empty scope"),
        pytest.param({"scopes": ["files:read\n"]}, 422, "invalid_scope", id="line break"),
        pytest.param({"scopes": ["é"]}, 422, "invalid_scope", id="no ASCII"),
        pytest.param({"scopes": ["x" * 65]}, 400, "malformed_body", id="long scope"),
        pytest.param({"scopes": [str(each) for each in range(51)]}, 400, "malformed_body", id="51 scopes"),
        pytest.param({"scopes": ["x" * 200_000]}, 413, "body_too_large", id="A22 200 KB scope"),
        pytest.param({"scopes": ["file:read"]}, 422, "invalid_scope", id="mistyped scope"),
        pytest.param({"scopes": "files:read"}, 400, "malformed_body", id="scope without a list"),
        pytest.param({"expires_at": in_days(-1)}, 422, "invalid_key_expiry", id="past"),
        pytest.param({"expires_at": in_days(4000)}, 422, "invalid_key_expiry", id="too far ahead"),
        pytest.param({"expires_at": "2030-01-01T00:00:00"}, 400, "malformed_body", id="no time zone"),
        pytest.param({"expires_at": 5}, 400, "malformed_body", id="number for a time"),
        pytest.param({"user_id": str(uuid4())}, 400, "malformed_body", id="A21 somebody's id"),
        pytest.param({"key": "colk_mine"}, 400, "malformed_body", id="secret of one's own"),
    ],
)
async def test_bad_wish_is_refused(service: AuthService, changes: Json, status: int, code: str) -> None:
    person = await service.register()
    reply = await service.post(PATH, WISH | changes, person=person)
    assert (reply.status, reply.code) == (status, code)
    assert (await service.call("GET", PATH, person=person)).body["items"] == []


async def test_scope_is_kept_once(service: AuthService) -> None:
    person = await service.register()
    assert (await create(service, person, scopes=["b", "a", "b"]))["scopes"] == ["b", "a"]


async def test_nobody_sees_or_deletes_anothers_key(service: AuthService) -> None:
    """A20, U1: another's key, an unknown one and no id at all are one answer."""
    person, other = await service.register(), await service.register()
    made = await create(service, other)
    for key_id in (made["id"], str(uuid4()), "nonsense"):
        for method in ("GET", "DELETE"):
            reply = await service.call(method, f"{PATH}/{key_id}", person=person)
            assert (reply.status, reply.code) == (404, "not_found")
    assert (await service.call("GET", PATH, person=person)).body["items"] == []
    assert await service.verify("api_key", made["key"]) is not None
    assert await service.events("api_key_revoked") == []


async def test_number_of_keys_is_bounded_also_in_parallel(service: AuthService, replica: AuthService) -> None:
    person, other = await service.register(), await service.register()
    for _ in range(MOST_KEYS - 3):
        await create(service, person)
    replies = await asyncio.gather(*[each.post(PATH, WISH, person=person) for each in (service, replica) * 4])
    assert sorted(reply.status for reply in replies) == [201] * 3 + [409] * 5
    assert {reply.code for reply in replies if reply.status == 409} == {"too_many_api_keys"}
    await create(service, other)
    listed = (await service.call("GET", f"{PATH}?limit=1", person=person)).body
    assert (await service.call("DELETE", f"{PATH}/{listed['items'][0]['id']}", person=person)).status == 204
    await create(service, person)


async def test_keys_are_listed_in_pages(service: AuthService) -> None:
    person = await service.register()
    ids = [(await create(service, person))["id"] for _ in range(3)]
    first = (await service.call("GET", f"{PATH}?limit=2", person=person)).body
    rest = (await service.call("GET", f"{PATH}?limit=2&cursor={first['next_cursor']}", person=person)).body
    assert [each["id"] for each in first["items"] + rest["items"]] == ids[::-1]
    other = await service.register()
    assert (await service.call("GET", f"{PATH}?cursor={first['next_cursor']}", person=other)).status == 400


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", PATH),
        ("GET", PATH),
        ("GET", PATH + "/019b0000-0000-7000-8000-000000000000"),
        ("DELETE", PATH + "/019b0000-0000-7000-8000-000000000000"),
        ("POST", "/v1/auth/logout"),
        ("GET", "/v1/auth/sessions"),
        ("DELETE", "/v1/auth/sessions/019b0000-0000-7000-8000-000000000000"),
        ("POST", "/v1/auth/password"),
        ("POST", "/v1/auth/account/deletion"),
    ],
)
async def test_key_does_nothing_to_the_account_whatever_its_scopes(
    service: AuthService, method: str, path: str
) -> None:
    """A20, U9: asked past the gateway, auth_service refuses by itself; and nobody signed in is 401."""
    person = await service.register()
    made = await create(service, person, scopes=["full"])
    holder = await service.holder("api_key", made["key"])
    reply = await service.call(method, path, WISH if method == "POST" else None, person=holder)
    assert (reply.status, reply.code) == (403, "session_required")
    assert (await service.call(method, path)).status == 401


async def test_changed_password_revokes_the_keys_unless_they_are_kept(service: AuthService) -> None:
    """A key made by whoever knew the old password must not outlive it."""
    person = await service.register()
    made = await create(service, person)
    change: Json = {"current_password": PASSWORD, "new_password": "a new password", "keep_api_keys": True}
    assert (await service.post("/v1/auth/password", change, person=person)).status == 204
    assert await service.verify("api_key", made["key"]) is not None
    back = {"current_password": "a new password", "new_password": PASSWORD}
    assert (await service.post("/v1/auth/password", back, person=person)).status == 204
    assert await service.verify("api_key", made["key"]) is None
    assert [subject for subject, _ in await service.events("api_key_revoked")] == [made["id"]]


async def test_key_wished_for_during_a_password_change_is_not_made(service: AuthService) -> None:
    """A5: its session ended with the change, and no key outlives the acknowledgement."""
    person = await service.register()
    other = await service.login(person)
    async with service.admin.transaction():
        await service.admin.execute("update auth.account set password_changed_at = now()")
        await service.admin.execute(
            "update auth.session set revoked_at = now(), revoked_reason = 'password_changed' where session_id = $1",
            other.session_id,
        )
        wishing = asyncio.create_task(service.post(PATH, WISH, person=other))
        await until_blocked(service)
    reply = await wishing
    assert (reply.status, reply.code) == (401, "unauthenticated")
    assert await service.admin.fetchval("select count(*) from auth.api_key") == 0


async def test_deleted_account_takes_its_keys_along_and_tells(service: AuthService) -> None:
    """U10"""
    person = await service.register()
    made = [await create(service, person) for _ in range(2)]
    reply = await service.post("/v1/auth/account/deletion", {"password": PASSWORD}, person=person)
    assert reply.status == 204
    assert {subject for subject, _ in await service.events("api_key_revoked")} == {each["id"] for each in made}
    assert [await service.verify("api_key", each["key"]) for each in made] == [None, None]
    assert (await service.post(PATH, WISH, person=person)).status == 401


async def test_what_is_no_key_is_nobody(service: AuthService) -> None:
    for text in ("", "colk_", "x" * 54, new_api_key(), new_api_key()[:-1] + "é"):
        assert await service.verify("api_key", text) is None


async def test_use_is_noted_coarsely(service: AuthService) -> None:
    """Reports come every few seconds; a row is written every few minutes."""
    person = await service.register()
    made, idle = await create(service, person), await create(service, person)
    body = {"browser_sessions": [], "api_keys": [made["id"], str(uuid4())]}

    async def report() -> dict[str, object]:
        assert (await service.internal("POST", "/internal/credential-uses", body)).status == 204
        items = (await service.call("GET", PATH, person=person)).body["items"]
        return {each["id"]: each["last_used_at"] for each in items}

    first = await report()
    assert first[made["id"]] is not None
    assert first[idle["id"]] is None
    assert await report() == first
    await service.admin.execute("update auth.api_key set last_used_at = last_used_at - interval '6 minutes'")
    assert (await report())[made["id"]] != first[made["id"]]
