"""Bans: who is told, what ends, and what comes back."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from tests.integration.auth_service.administrators import audit_of, delete, make_admin, path_of, put
from tests.integration.auth_service.people import Json
from tests.integration.auth_service.world import AuthService, is_live, until_blocked

BAN: Json = {"reason": "Spam"}


def later(**span: float) -> str:
    return (datetime.now(UTC) + timedelta(**span)).isoformat()


async def test_ban_ends_every_session_and_lets_nobody_in(service: AuthService) -> None:
    """A5, disable: no refresh works after the acknowledgement, and the gateways are told with the same commit."""
    admin, person = await make_admin(service), await service.register()
    other = await service.login(person)
    assert (await put(service, admin, path_of(person, "/ban"), BAN)).status == 204
    for each in (person, other):
        refused = await service.refresh(each.refresh_token)
        assert (refused.status, refused.code) == (401, "session_revoked")
        assert refused.body["detail"] == "The account was banned by an administrator."
    ended = {subject for subject, data in await service.events("session_revoked") if data["reason"] == "account_banned"}
    assert ended == {str(person.session_id), str(other.session_id)}
    (entry,) = await audit_of(service, admin, "action=account_banned")
    assert (entry["user_id"], entry["actor_id"]) == (str(person.user_id), str(admin.user_id))
    assert entry["details"] == {"reason": "Spam", "until": "never"}


async def test_only_whoever_has_the_right_password_is_told_of_the_ban(service: AuthService) -> None:
    admin, person = await make_admin(service), await service.register()
    until = later(days=1)
    assert (await put(service, admin, path_of(person, "/ban"), BAN | {"until": until})).status == 204
    wrong = await service.try_login(person.email, "not the password")
    unknown = await service.try_login("nobody@example.org", "not the password")
    assert (wrong.status, wrong.code) == (unknown.status, unknown.code) == (401, "invalid_credentials")
    right = await service.try_login(person.email)
    assert (right.status, right.code, right.body["reason"]) == (403, "account_banned", "Spam")
    assert datetime.fromisoformat(right.body["banned_until"]) == datetime.fromisoformat(until)


async def test_ban_stops_api_keys_until_it_is_lifted(service: AuthService) -> None:
    admin, person = await make_admin(service), await service.register()
    made = (await service.post("/v1/auth/api-keys", {"name": "a", "scopes": ["full"]}, person=person)).body
    await put(service, admin, path_of(person, "/ban"), BAN)
    assert await service.verify("api_key", made["key"]) is None
    told = {"user_id": str(person.user_id)}
    assert await service.events("api_key_revoked") == [(made["id"], told)]
    assert (await delete(service, admin, path_of(person, "/ban"))).status == 204
    assert await service.verify("api_key", made["key"]) is not None
    assert await service.events("api_key_restored") == [(made["id"], told)]
    assert not await is_live(service, person)
    await service.login(person)
    assert len(await audit_of(service, admin, f"action=account_unbanned&account={person.user_id}")) == 1


async def test_ban_ends_by_itself_at_its_time(service: AuthService) -> None:
    admin, person = await make_admin(service), await service.register()
    made = (await service.post("/v1/auth/api-keys", {"name": "a", "scopes": ["full"]}, person=person)).body
    await put(service, admin, path_of(person, "/ban"), BAN | {"until": later(hours=1)})
    shown = (await service.call("GET", path_of(person), person=admin)).body
    assert shown["ban"]["reason"] == "Spam"
    await service.admin.execute("update auth.account set banned_until = now() where banned_at is not null")
    assert (await service.try_login(person.email)).status == 200
    assert await service.verify("api_key", made["key"]) is not None
    assert (await service.call("GET", path_of(person), person=admin)).body["ban"] is None


async def test_followers_are_told_of_a_ban_its_change_and_its_end(service: AuthService) -> None:
    """They hide what the person published. A ban that ends by itself ends at the moment that was told."""
    admin, person = await make_admin(service), await service.register()
    until = later(days=1)
    for body in (BAN, BAN | {"until": until}):
        assert (await put(service, admin, path_of(person, "/ban"), body)).status == 204
    assert (await delete(service, admin, path_of(person, "/ban"))).status == 204
    forever, limited = await service.events("user_banned")
    assert forever == (str(person.user_id), {"until": None})
    assert (limited[0], datetime.fromisoformat(limited[1]["until"])) == (
        str(person.user_id), datetime.fromisoformat(until),
    )  # fmt: skip
    assert await service.events("user_unbanned") == [(str(person.user_id), {})]


async def test_ban_that_is_refused_is_not_told(service: AuthService) -> None:
    """The last administrator's."""
    admin = await make_admin(service)
    assert (await put(service, admin, path_of(admin, "/ban"), BAN)).code == "last_administrator"
    assert await service.events("user_banned") == []


async def test_lifting_no_ban_is_fine_and_leaves_no_entry(service: AuthService) -> None:
    """Followers are told nevertheless: the release before lifts bans without telling them."""
    admin, person = await make_admin(service), await service.register()
    assert (await delete(service, admin, path_of(person, "/ban"))).status == 204
    assert await service.events("user_unbanned") == [(str(person.user_id), {})]
    assert await audit_of(service, admin, "action=account_unbanned") == []


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        pytest.param({}, 400, "malformed_body", id="no reason"),
        pytest.param({"reason": " "}, 422, "invalid_ban", id="blank reason"),
        pytest.param({"reason": "x" * 501}, 422, "invalid_ban", id="long reason"),
        pytest.param({"reason": "a\0"}, 400, "malformed_body", id="NUL"),
        pytest.param({"reason": "a\u202eb"}, 422, "invalid_ban", id="reason that turns text round"),
        pytest.param(BAN | {"until": later(minutes=14)}, 422, "invalid_ban", id="too soon"),
        pytest.param(BAN | {"until": later(days=-1)}, 422, "invalid_ban", id="past"),
        pytest.param(BAN | {"until": later(days=4000)}, 422, "invalid_ban", id="too far ahead"),
        pytest.param(BAN | {"until": "2030-01-01T00:00:00"}, 400, "malformed_body", id="no time zone"),
        pytest.param(BAN | {"until": "0001-01-01T00:00:00+14:00"}, 422, "invalid_ban", id="before all time"),
        pytest.param(BAN | {"banned_at": later()}, 400, "malformed_body", id="A21 more than a ban"),
    ],
)
async def test_bad_ban_is_refused(service: AuthService, body: Json, status: int, code: str) -> None:
    admin, person = await make_admin(service), await service.register()
    reply = await put(service, admin, path_of(person, "/ban"), body)
    assert (reply.status, reply.code) == (status, code)
    assert await is_live(service, person)


async def test_sign_in_that_the_ban_overtakes_is_refused(service: AuthService) -> None:
    """A5: the password was right before, and the session would begin after."""
    person = await service.register()
    async with service.admin.transaction():
        await service.admin.execute(
            "update auth.account set banned_at = now(), ban_reason = 'Spam' where user_id = $1", person.user_id
        )
        signing_in = asyncio.create_task(service.try_login(person.email))
        await until_blocked(service)
    reply = await signing_in
    assert (reply.status, reply.code) == (403, "account_banned")
    assert await service.admin.fetchval("select count(*) from auth.session") == 1


async def test_ban_that_a_sign_in_overtakes_ends_its_session(service: AuthService) -> None:
    """A5: many sign-ins, while the account is banned: none is live afterwards."""
    admin, person = await make_admin(service), await service.register()
    signing_in = [asyncio.create_task(service.try_login(person.email)) for _ in range(8)]
    banned = await put(service, admin, path_of(person, "/ban"), BAN)
    replies = await asyncio.gather(*signing_in)
    assert banned.status == 204
    for reply in replies:
        if reply.status == 200:
            assert (await service.refresh(reply.body["refresh_token"])).status == 401
        else:
            assert (reply.status, reply.code) == (403, "account_banned")
    assert await service.admin.fetchval("select count(*) from auth.session where revoked_at is null") == 2
