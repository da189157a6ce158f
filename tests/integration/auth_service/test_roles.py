"""Roles: what they may be called, who sets them, and that nothing tells of the old ones."""

import asyncio
from uuid import uuid4

import pytest

from auth_service.domain.roles import ADMINISTRATOR
from shared.web.routes import ADMIN_ROLE
from tests.integration.auth_service.administrators import audit_of, make_admin, path_of, put
from tests.integration.auth_service.people import Json
from tests.integration.auth_service.world import AuthService, is_live, until_blocked


def test_role_that_is_ours_is_the_one_that_routes_ask_for() -> None:
    assert ADMINISTRATOR == ADMIN_ROLE


async def test_roles_are_in_tokens_and_cookies_once_its_owner_signs_in_anew(service: AuthService) -> None:
    admin, person = await make_admin(service), await service.register()
    reply = await put(service, admin, path_of(person, "/roles"), {"roles": ["support", "editor", "editor"]})
    assert reply.status == 204
    refused = await service.refresh(person.refresh_token)
    assert (refused.status, refused.code) == (401, "session_revoked")
    assert refused.body["detail"] == "What you may do was changed: sign in again."
    told = {"user_id": str(person.user_id), "reason": "roles_changed"}
    assert (str(person.session_id), told) in await service.events("session_revoked")
    again = await service.login(person)
    assert again.claims["roles"] == ["editor", "support"]
    refreshed = await service.refresh(again.refresh_token)
    assert refreshed.status == 200
    (entry,) = await audit_of(service, admin, f"action=roles_changed&account={person.user_id}")
    assert entry["actor_id"] == str(admin.user_id)
    assert entry["details"] == {"before": "", "after": "editor support"}
    assert entry["address_prefix"] == "192.0.2.0/24"


async def test_roles_that_stay_as_they_are_sign_nobody_out(service: AuthService) -> None:
    admin, person = await make_admin(service), await service.register()
    assert (await put(service, admin, path_of(person, "/roles"), {"roles": []})).status == 204
    assert await is_live(service, person)
    assert await audit_of(service, admin, "action=roles_changed") == []


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        pytest.param({"roles": ["Admin"]}, 422, "invalid_role", id="capital"),
        pytest.param({"roles": ["ok", "1st"]}, 422, "invalid_role", id="digit first"),
        pytest.param({"roles": [""]}, 422, "invalid_role", id="empty"),
        pytest.param({"roles": ["a b"]}, 422, "invalid_role", id="space"),
        pytest.param({"roles": ["admin\n"]}, 422, "invalid_role", id="line break"),
        pytest.param({"roles": ["ädmin"]}, 422, "invalid_role", id="no ASCII"),
        pytest.param({"roles": ["x" * 33]}, 400, "malformed_body", id="long"),
        pytest.param({"roles": ["a\0"]}, 400, "malformed_body", id="NUL"),
        pytest.param({"roles": [f"r{each}" for each in range(21)]}, 400, "malformed_body", id="21 roles"),
        pytest.param({"roles": "admin"}, 400, "malformed_body", id="no list"),
        pytest.param({"roles": None}, 400, "malformed_body", id="null"),
        pytest.param({"roles": ["x" * 200_000]}, 413, "body_too_large", id="A22 200 KB"),
        pytest.param({"roles": [], "email_verified": True}, 400, "malformed_body", id="A21 more than roles"),
    ],
)
async def test_what_is_no_role_is_refused(service: AuthService, body: Json, status: int, code: str) -> None:
    admin, person = await make_admin(service), await service.register()
    reply = await put(service, admin, path_of(person, "/roles"), body)
    assert (reply.status, reply.code) == (status, code)
    assert await is_live(service, person)


@pytest.mark.parametrize(
    "extra", [{"role": "admin"}, {"roles": ["admin"]}, {"email_verified": True}, {"id": str(uuid4())}]
)
@pytest.mark.parametrize("path", ["/v1/auth/register", "/v1/auth/login"])
async def test_nobody_gives_themselves_anything_by_a_body(service: AuthService, path: str, extra: Json) -> None:
    """A21: role, email_verified and id in a body."""
    body = {"email": "eve@example.org", "password": "correct horse battery"}
    reply = await service.post(path, body | extra)
    assert (reply.status, reply.code) == (400, "malformed_body")
    assert await service.admin.fetchval("select count(*) from auth.account") == 0


async def test_sign_in_that_began_with_other_roles_does_not_end_with_them(service: AuthService) -> None:
    """A5: the token that was made ready names the roles of before; it must not outlive their end."""
    person = await service.register()
    await service.admin.execute("update auth.account set roles = '{editor}' where user_id = $1", person.user_id)
    async with service.admin.transaction():
        await service.admin.execute("update auth.account set roles = '{}' where user_id = $1", person.user_id)
        signing_in = asyncio.create_task(service.try_login(person.email))
        await until_blocked(service)
    reply = await signing_in
    assert (reply.status, reply.code) == (503, "unavailable")
    assert (await service.login(person)).claims["roles"] == []


async def test_api_key_has_no_roles_whoever_it_is_of(service: AuthService) -> None:
    admin = await make_admin(service)
    made = await service.post("/v1/auth/api-keys", {"name": "all", "scopes": ["full"]}, person=admin)
    told = await service.verify("api_key", made.body["key"])
    assert told is not None
    assert told["roles"] == []
    reply = await service.call("GET", "/v1/admin/users", person=await service.holder("api_key", made.body["key"]))
    assert (reply.status, reply.code) == (403, "session_required")
