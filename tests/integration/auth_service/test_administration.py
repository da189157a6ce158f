"""What administrators do to accounts, who may, and what is left of it in the audit log."""

from uuid import uuid4

import pytest

from tests.integration.auth_service.administrators import USERS, audit_of, delete, make_admin, path_of, put
from tests.integration.auth_service.people import PASSWORD, Json
from tests.integration.auth_service.world import AuthService, is_live

SOMEBODY = "019b0000-0000-7000-8000-000000000000"
CHANGES: list[tuple[str, str, Json | None]] = [
    ("PUT", "/roles", {"roles": []}),
    ("PUT", "/ban", {"reason": "Spam"}),
    ("DELETE", "/ban", None),
    ("DELETE", "/password", None),
    ("DELETE", "/factors", None),
    ("DELETE", "/sessions", None),
    ("DELETE", f"/sessions/{SOMEBODY}", None),
    ("DELETE", f"/api-keys/{SOMEBODY}", None),
    ("DELETE", "", None),
]
LISTS = ("/api-keys", "/sessions")
READS = [
    USERS,
    f"{USERS}/{SOMEBODY}",
    *(f"{USERS}/{SOMEBODY}{each}" for each in LISTS),
    "/v1/admin/audit",
    "/v1/admin/audit/export",
]
EVERYTHING = [(method, f"{USERS}/{SOMEBODY}{rest}", body) for method, rest, body in CHANGES] + [
    ("GET", path, None) for path in READS
]


@pytest.mark.parametrize(("method", "path", "body"), EVERYTHING)
async def test_nobody_but_an_administrator_gets_anything(
    service: AuthService, method: str, path: str, body: Json | None
) -> None:
    """A20: asked past the gateway, auth_service refuses by itself; and an administrator's API key is none."""
    admin, person = await make_admin(service), await service.register()
    key = (await service.post("/v1/auth/api-keys", {"name": "a", "scopes": ["full", "admin"]}, person=admin)).body
    holder = await service.holder("api_key", key["key"])
    assert (await service.call(method, path, body)).status == 401
    assert (await service.call(method, path, body, person=person)).code == "insufficient_role"
    assert (await service.call(method, path, body, person=holder)).code == "session_required"


@pytest.mark.parametrize(("method", "rest", "body"), CHANGES)
async def test_change_needs_a_session_that_was_proved_lately(
    service: AuthService, method: str, rest: str, body: Json | None
) -> None:
    admin, person = await make_admin(service), await service.register()
    await service.admin.execute(
        "update auth.session set authenticated_at = now() - interval '11 minutes' where session_id = $1",
        admin.session_id,
    )
    reply = await service.call(method, path_of(person, rest), body, person=admin)
    assert (reply.status, reply.code) == (401, "insufficient_user_authentication")
    assert 'max_age="600"' in reply.headers["WWW-Authenticate"]
    assert await is_live(service, person)
    assert (await service.call("GET", path_of(person), person=admin)).status == 200


@pytest.mark.parametrize(("method", "rest", "body"), CHANGES)
async def test_administrator_of_a_moment_ago_changes_nothing(
    service: AuthService, method: str, rest: str, body: Json | None
) -> None:
    """A5: a token that still names the role, in the second before the gateways have heard."""
    admin, person = await make_admin(service), await service.register()
    await make_admin(service)
    await service.admin.execute("update auth.account set roles = '{}' where user_id = $1", admin.user_id)
    reply = await service.call(method, path_of(person, rest), body, person=admin)
    assert (reply.status, reply.code) == (403, "insufficient_role")
    assert await is_live(service, person)


@pytest.mark.parametrize(("method", "rest", "body"), CHANGES)
async def test_unknown_account_is_not_found(service: AuthService, method: str, rest: str, body: Json | None) -> None:
    admin = await make_admin(service)
    for user_id in (str(uuid4()), "nobody"):
        reply = await service.call(method, f"{USERS}/{user_id}{rest}", body, person=admin)
        assert (reply.status, reply.code) == (404, "not_found")
    assert (await service.call("GET", f"{USERS}/{uuid4()}", person=admin)).code == "not_found"
    for each in LISTS:
        assert (await service.call("GET", f"{USERS}/{uuid4()}{each}", person=admin)).code == "not_found"


async def test_account_is_read_with_what_it_has(service: AuthService) -> None:
    admin, person = await make_admin(service), await service.register("Ann@example.org")
    await service.post("/v1/auth/logout", person=await service.login(person))
    await service.post("/v1/auth/api-keys", {"name": "a", "scopes": ["full"]}, person=person)
    await service.admin.execute(
        """
        insert into auth.federated_identity (identity_id, user_id, provider, issuer, subject)
        values (gen_random_uuid(), $1, 'x', 'https://x.example', 'ann')
        """,
        person.user_id,
    )
    shown = (await service.call("GET", path_of(person), person=admin)).body
    assert (shown["email"], shown["email_verified"], shown["has_password"]) == ("Ann@example.org", False, True)
    assert (shown["roles"], shown["ban"]) == ([], None)
    assert shown["counts"] == {"sessions": 1, "api_keys": 1, "totp": 0, "passkeys": 0, "identities": 1}
    assert shown["last_used_at"] is not None


async def test_voided_password_lets_nobody_in_until_there_is_another(service: AuthService) -> None:
    admin, person = await make_admin(service), await service.register()
    made = (await service.post("/v1/auth/api-keys", {"name": "a", "scopes": ["full"]}, person=person)).body
    assert (await delete(service, admin, path_of(person, "/password"))).status == 204
    assert not await is_live(service, person)
    assert (await service.try_login(person.email)).code == "invalid_credentials"
    assert await service.verify("api_key", made["key"]) is None
    assert (await service.call("GET", path_of(person), person=admin)).body["has_password"] is False
    (entry,) = await audit_of(service, admin, "action=password_voided")
    assert (entry["user_id"], entry["actor_id"]) == (str(person.user_id), str(admin.user_id))


async def test_voided_password_may_leave_the_keys(service: AuthService) -> None:
    admin, person = await make_admin(service), await service.register()
    made = (await service.post("/v1/auth/api-keys", {"name": "a", "scopes": ["full"]}, person=person)).body
    assert (await delete(service, admin, path_of(person, "/password"), {"keep_api_keys": True})).status == 204
    assert await service.verify("api_key", made["key"]) is not None


async def test_administrator_signs_somebody_out_everywhere(service: AuthService) -> None:
    admin, person = await make_admin(service), await service.register()
    people = [person, await service.login(person)]
    assert (await delete(service, admin, path_of(person, "/sessions"))).status == 204
    for each in people:
        refused = await service.refresh(each.refresh_token)
        assert refused.body["detail"] == "It was ended by an administrator."
    (entry,) = await audit_of(service, admin, "action=signed_out_everywhere")
    assert entry["details"] == {"ended": "2"}
    assert (await service.try_login(person.email)).status == 200


async def test_administrator_sees_sessions_how_they_ended_and_ends_one(service: AuthService) -> None:
    admin, person = await make_admin(service), await service.register()
    other = await service.login(person)
    path = path_of(person, "/sessions")
    listed = (await service.call("GET", path, person=admin)).body["items"]
    assert [each["id"] for each in listed] == [str(other.session_id), str(person.session_id)]
    assert not any(each["current"] for each in listed)
    assert (await delete(service, admin, f"{USERS}/{admin.user_id}/sessions/{other.session_id}")).code == "not_found"
    assert (await delete(service, admin, f"{path}/{other.session_id}")).status == 204
    assert not await is_live(service, other)
    assert await is_live(service, person)
    (ended,) = (await service.call("GET", f"{path}?ended=true", person=admin)).body["items"]
    assert (ended["id"], ended["end_reason"]) == (str(other.session_id), "ended_by_administrator")
    (entry,) = await audit_of(service, admin, "action=session_ended")
    assert (entry["actor_id"], entry["details"]["ended"]) == (str(admin.user_id), str(other.session_id))
    first = (await service.call("GET", f"{path}?limit=1", person=admin)).body
    assert (first["next_cursor"], len(first["items"])) == (None, 1)


async def test_administrator_sees_and_revokes_api_keys(service: AuthService) -> None:
    admin, person = await make_admin(service), await service.register()
    made = (await service.post("/v1/auth/api-keys", {"name": "a", "scopes": ["full"]}, person=person)).body
    (shown,) = (await service.call("GET", path_of(person, "/api-keys"), person=admin)).body["items"]
    assert shown == {name: value for name, value in made.items() if name != "key"}
    foreign = f"{USERS}/{admin.user_id}/api-keys/{made['id']}"
    assert (await delete(service, admin, foreign)).code == "not_found"
    assert (await delete(service, admin, path_of(person, f"/api-keys/{made['id']}"))).status == 204
    assert await service.verify("api_key", made["key"]) is None
    (entry,) = await audit_of(service, admin, "action=api_key_deleted")
    assert entry["details"] == {"api_key_id": made["id"]}


async def test_deleted_account_is_gone_and_told_of_everywhere(service: AuthService) -> None:
    """U10"""
    admin, person = await make_admin(service), await service.register()
    made = (await service.post("/v1/auth/api-keys", {"name": "a", "scopes": ["full"]}, person=person)).body
    assert (await delete(service, admin, path_of(person))).status == 204
    assert (await service.call("GET", path_of(person), person=admin)).status == 404
    assert await service.events("user_deleted") == [(str(person.user_id), {})]
    assert await service.verify("api_key", made["key"]) is None
    assert (await service.try_login(person.email)).code == "invalid_credentials"
    (entry,) = await audit_of(service, admin, f"action=account_deleted&account={person.user_id}")
    assert entry["actor_id"] == str(admin.user_id)
    assert (await put(service, admin, path_of(person, "/ban"), {"reason": "Late"})).status == 404
    assert (await service.register(person.email, PASSWORD)).user_id != person.user_id
