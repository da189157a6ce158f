import asyncio
from collections import Counter
from uuid import uuid4

import asyncpg
import pytest

from tests.integration.auth_service.people import PASSWORD, Json
from tests.integration.auth_service.world import AuthService
from tests.stores import DatabaseUrls

NEW = "a new password"
CHANGE = {"current_password": PASSWORD, "new_password": NEW}


async def test_changed_password_is_the_only_one(service: AuthService) -> None:
    person = await service.register()
    other = await service.login(person)
    assert (await service.post("/v1/auth/password", CHANGE, person=person)).status == 204
    assert (await service.try_login(person.email)).status == 401
    assert (await service.try_login(person.email, NEW)).status == 200
    assert (await service.refresh(person.refresh_token)).status == 200
    ended = await service.refresh(other.refresh_token)
    assert (ended.code, ended.body["detail"]) == ("session_revoked", "The password was changed in another session.")
    told = {"user_id": str(person.user_id), "reason": "password_changed"}
    assert await service.events("session_revoked") == [(str(other.session_id), told)]


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        pytest.param({"current_password": "wrong password"}, 403, "wrong_password", id="wrong"),
        pytest.param({"current_password": PASSWORD + "\0"}, 400, "malformed_body", id="A7: NUL"),
        pytest.param({"new_password": "short"}, 422, "weak_password", id="too short"),
        pytest.param({"new_password": "x" * 129}, 422, "weak_password", id="too long"),
        pytest.param({"role": "admin"}, 400, "malformed_body", id="A21: role"),
    ],
)
async def test_password_change_refuses(service: AuthService, change: Json, status: int, code: str) -> None:
    person = await service.register()
    reply = await service.post("/v1/auth/password", CHANGE | change, person=person)
    assert (reply.status, reply.code) == (status, code)
    if code == "weak_password":
        assert reply.body["errors"][0]["pointer"] == "/new_password"
    assert (await service.try_login(person.email)).status == 200


async def test_of_two_password_changes_at_once_one_wins(service: AuthService, replica: AuthService) -> None:
    person = await service.register()
    replies = await asyncio.gather(
        service.post("/v1/auth/password", CHANGE, person=person),
        replica.post("/v1/auth/password", CHANGE | {"new_password": NEW + "!"}, person=person),
    )
    assert Counter(reply.status for reply in replies) == {204: 1, 403: 1}


async def test_deleted_account_is_gone_and_told(service: AuthService) -> None:
    person = await service.register()
    other = await service.login(person)
    reply = await service.post("/v1/auth/account/deletion", {"password": PASSWORD}, person=person)
    assert reply.status == 204
    for token in (person.refresh_token, other.refresh_token):
        assert (await service.refresh(token)).code == "session_expired"
    assert (await service.try_login(person.email)).code == "invalid_credentials"
    for table in ("account", "session", "known_device"):
        assert await service.admin.fetchval(f"select count(*) from auth.{table}") == 0
    assert await service.events("user_deleted") == [(str(person.user_id), {})]
    revoked = await service.events("session_revoked")
    assert {subject for subject, _ in revoked} == {str(person.session_id), str(other.session_id)}
    assert {data["reason"] for _, data in revoked} == {"account_deleted"}
    kinds = [row["type"] for row in await service.admin.fetch("select type from auth.event order by id")]
    assert kinds[0] == "signing_key_published"
    assert kinds[1:] == ["user_registered", "session_revoked", "session_revoked", "user_deleted"]


async def test_audit_log_forgets_from_where_a_deleted_account_was_used(service: AuthService) -> None:
    """What happened to which id stays, and the deletion with its device; what others did, and were told of, as well."""
    person, other = await service.register(), await service.register()
    administrator = uuid4()
    await service.admin.execute(
        """
        insert into auth.audit_entry (audit_entry_id, action, user_id, actor_id, address_prefix, user_agent, details)
        values ($1, 'looked_at', $2, $1, '198.51.100.0/24', 'desk', '{}')
        """,
        administrator,
        person.user_id,
    )
    await service.post("/v1/auth/account/deletion", {"password": PASSWORD}, person=person)
    rows = await service.admin.fetch(
        "select user_id, action, address_prefix, user_agent from auth.audit_entry where user_id is not null"
    )
    kept = {(row["user_id"], row["action"]): (row["address_prefix"], row["user_agent"]) for row in rows}
    home = ("192.0.2.0/24", "Firefox on a desk")
    assert kept == {
        (person.user_id, "registered"): ("", ""),
        (person.user_id, "signed_in"): ("", ""),
        (person.user_id, "looked_at"): ("198.51.100.0/24", "desk"),
        (person.user_id, "account_deleted"): home,
        (other.user_id, "registered"): home,
        (other.user_id, "signed_in"): home,
    }


async def test_audit_log_of_an_account_that_is_there_forgets_nothing(
    service: AuthService, auth_database: DatabaseUrls
) -> None:
    """Even by the role of a service that somebody has broken into."""
    person = await service.register()
    runtime = await asyncpg.connect(auth_database.runtime)
    try:
        await runtime.execute("select auth.forget_in_audit_log($1)", person.user_id)
    finally:
        await runtime.close()
    assert (
        await service.admin.fetchval(
            "select count(*) from auth.audit_entry where user_id is not null and address_prefix = ''"
        )
        == 0
    )


async def test_address_of_a_deleted_account_is_free(service: AuthService) -> None:
    person = await service.register()
    await service.post("/v1/auth/account/deletion", {"password": PASSWORD}, person=person)
    assert (await service.register(person.email)).user_id != person.user_id


async def test_deletion_needs_the_password(service: AuthService) -> None:
    person = await service.register()
    reply = await service.post("/v1/auth/account/deletion", {"password": "wrong password"}, person=person)
    assert (reply.status, reply.code) == (403, "wrong_password")
    assert (await service.refresh(person.refresh_token)).status == 200


async def test_of_many_deletions_at_once_one_happens(service: AuthService, replica: AuthService) -> None:
    person = await service.register()
    calls = [
        each.post("/v1/auth/account/deletion", {"password": PASSWORD}, person=person)
        for each in (service, replica)
        for _ in range(4)
    ]
    statuses = Counter(reply.status for reply in await asyncio.gather(*calls))
    assert statuses[204] == 1
    assert set(statuses) <= {204, 401, 403}
    assert len(await service.events("user_deleted")) == 1


async def test_person_of_a_deleted_account_is_asked_to_sign_in(service: AuthService) -> None:
    person = await service.register()
    await service.post("/v1/auth/account/deletion", {"password": PASSWORD}, person=person)
    reply = await service.post("/v1/auth/password", CHANGE, person=person)
    assert (reply.status, reply.headers["WWW-Authenticate"]) == (401, 'Bearer error="invalid_token"')
