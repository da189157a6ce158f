"""What the audit log holds, who reads it, and how it leaves the service."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from urllib.parse import quote
from uuid import uuid4

import pytest

from auth_service.domain.audit import Action
from auth_service.repository import audit_search
from tests.integration.auth_service.administrators import audit_of, make_admin, path_of, put
from tests.integration.auth_service.people import HOME, PASSWORD, STRANGER, Device, Json, Person
from tests.integration.auth_service.world import AuthService

EXPORT = "/v1/admin/audit/export"


async def actions(service: AuthService) -> list[str]:
    return [row["action"] for row in await service.admin.fetch("select action from auth.audit_entry order by 1")]


async def export(service: AuthService, admin: Person, query: str, device: Device = HOME) -> str:
    headers = service.gateway.headers(admin, device)
    async with service.public.get(f"{EXPORT}?{query}", headers=headers) as response:
        assert response.status == 200, await response.text()
        assert response.headers["Content-Disposition"].startswith("attachment")
        assert response.headers["Cache-Control"] == "no-store"
        return await response.text()


async def test_everything_that_concerns_security_is_written_down(service: AuthService) -> None:
    person = await service.register()
    await service.try_login(person.email, "wrong")
    made = (await service.post("/v1/auth/api-keys", {"name": "a", "scopes": ["b", "a"]}, person=person)).body
    await service.call("DELETE", f"/v1/auth/api-keys/{made['id']}", person=person)
    change = {"current_password": PASSWORD, "new_password": "another password"}
    assert (await service.post("/v1/auth/password", change, person=person)).status == 204
    assert (
        await service.post("/v1/auth/account/deletion", {"password": "another password"}, person=person)
    ).status == 204
    told = await service.admin.fetch("select action, details from auth.audit_entry where user_id = $1", person.user_id)
    assert {row["action"] for row in told} == {
        *("registered", "signed_in", "attempt_refused", "api_key_created", "api_key_deleted"),
        *("password_changed", "account_deleted"),
    }
    created = next(row for row in told if row["action"] == "api_key_created")
    assert json.loads(created["details"]) == {"api_key_id": made["id"], "scopes": "b a"}
    dump = await service.admin.fetchval("select string_agg(e::text, ' ') from auth.audit_entry e")
    for secret in (PASSWORD, "another password", made["key"][5:], person.email, "192.0.2.10"):
        assert secret not in dump


async def test_wrong_guesses_are_told_of_twice_at_most_in_a_window(service: AuthService) -> None:
    """An attacker must not fill the disk: the first wrong guess, and the last that is allowed."""
    person = await service.register()
    before = await actions(service)
    for _ in range(15):
        await service.try_login(person.email, "wrong password", STRANGER)
        await service.try_login("nobody@example.org", "wrong password", STRANGER)
    added = list(await actions(service))
    for each in before:
        added.remove(each)
    assert added == ["attempt_refused", "attempts_exhausted"]
    await service.admin.execute("update auth.login_failure set window_started_at = now() - interval '16 minutes'")
    await service.try_login(person.email, "wrong password", STRANGER)
    assert (await actions(service)).count("attempt_refused") == 2
    entry = await service.admin.fetchrow("select * from auth.audit_entry where action = 'attempt_refused' limit 1")
    assert entry is not None
    assert (entry["user_id"], entry["actor_id"]) == (person.user_id, None)
    assert (entry["address_prefix"], entry["user_agent"]) == ("203.0.113.0/24", "curl")


async def test_right_guesses_in_between_hide_no_wrong_one(service: AuthService) -> None:
    person = await service.register()
    await service.login(person)
    await service.try_login(person.email, "wrong password")
    await service.login(person)
    await service.try_login(person.email, "wrong password")
    assert (await actions(service)).count("attempt_refused") == 1


async def test_refresh_writes_no_entry(service: AuthService) -> None:
    person = await service.register()
    before = await actions(service)
    assert (await service.refresh(person.refresh_token)).status == 200
    assert await actions(service) == before


async def test_administrators_filter_the_log(service: AuthService) -> None:
    admin, person = await make_admin(service), await service.register()
    await put(service, admin, path_of(person, "/ban"), {"reason": "Spam"})
    await service.try_login(person.email, "wrong", STRANGER)
    started = datetime.now(UTC)
    about = await audit_of(service, admin, f"account={person.user_id}")
    assert [each["action"] for each in about] == ["attempt_refused", "account_banned", "signed_in", "registered"]
    assert [each["at"] for each in about] == sorted((each["at"] for each in about), reverse=True)
    by_admin = await audit_of(service, admin, f"actor={admin.user_id}&account={person.user_id}")
    assert [each["action"] for each in by_admin] == ["account_banned"]
    assert [each["action"] for each in await audit_of(service, admin, "action=account_banned")] == ["account_banned"]
    for address in ("203.0.113.99", "203.0.113.0/24"):
        (foreign,) = await audit_of(service, admin, f"address={quote(address)}")
        assert foreign["action"] == "attempt_refused"
    assert await audit_of(service, admin, "address=203.0.114.1") == []
    later, earlier = (
        quote((started + timedelta(hours=1)).isoformat()),
        quote((started - timedelta(hours=1)).isoformat()),
    )
    assert await audit_of(service, admin, f"from={later}") == []
    assert await audit_of(service, admin, f"to={earlier}") == []
    assert len(await audit_of(service, admin, f"from={earlier}&to={later}&account={person.user_id}")) == 4


async def test_log_is_read_in_pages(service: AuthService) -> None:
    admin = await make_admin(service)
    for _ in range(3):
        await service.register()
    whole = await audit_of(service, admin, "limit=100")
    seen: list[Json] = []
    cursor: str | None = ""
    while cursor is not None:
        page = (await service.call("GET", f"/v1/admin/audit?limit=2{cursor}", person=admin)).body
        seen += page["items"]
        cursor = f"&cursor={page['next_cursor']}" if page["next_cursor"] else None
    assert seen == whole
    assert len([each for each in whole if each["user_id"] is not None]) == 9


@pytest.mark.parametrize(
    "query",
    [
        "account=1",
        "action=" + "x" * 65,
        "action=banned",
        "action=null",
        "action=",
        "address=nowhere",
        "address=203.0.0.0/8",
        "from=yesterday",
        "from=2026-01-01T00:00:00",
        "from=0001-01-01T00:00:00%2B14:00",
        "to=9999-12-31T23:59:59-14:00",
        "limit=0",
        "limit=9223372036854775808",
        "cursor=x",
        "action=a&action=b",
        "since=2026-01-01T00:00:00Z",
    ],
)
async def test_bad_question_is_refused(service: AuthService, query: str) -> None:
    """U4, U8"""
    admin = await make_admin(service)
    for path in ("/v1/admin/audit", EXPORT):
        reply = await service.call("GET", f"{path}?{query}", person=admin)
        assert (reply.status, reply.code) == (400, "invalid_parameter")


async def test_unknown_action_is_refused_with_those_that_there_are(service: AuthService) -> None:
    """An empty list would look as if nothing of the kind had happened."""
    admin = await make_admin(service)
    reply = await service.call("GET", "/v1/admin/audit?action=banned", person=admin)
    (error,) = reply.body["errors"]
    assert error["pointer"] == "action"
    assert set(Action) == set(error["detail"].removeprefix("must be one of ").split(", "))


async def test_person_reads_what_happened_to_their_own_account_alone(service: AuthService) -> None:
    admin, person = await make_admin(service), await service.register()
    await service.try_login(person.email, "wrong", STRANGER)
    await put(service, admin, path_of(person, "/roles"), {"roles": ["editor"]})
    person = await service.login(person)
    reply = await service.call("GET", "/v1/auth/audit", person=person)
    told = [(each["action"], each["by"], each["address_prefix"]) for each in reply.body["items"]]
    assert told == [
        ("signed_in", "you", "192.0.2.0/24"),
        ("roles_changed", "administrator", ""),
        ("attempt_refused", "stranger", "203.0.113.0/24"),
        ("signed_in", "you", "192.0.2.0/24"),
        ("registered", "you", "192.0.2.0/24"),
    ]
    assert str(admin.user_id) not in json.dumps(reply.body)
    page = (await service.call("GET", "/v1/auth/audit?limit=2", person=person)).body
    assert len(page["items"]) == 2
    foreign = await service.call("GET", f"/v1/auth/audit?cursor={page['next_cursor']}", person=admin)
    assert foreign.status == 400
    assert (await service.call("GET", f"/v1/auth/audit?account={admin.user_id}", person=person)).status == 400


async def test_export_holds_every_entry_in_batches(service: AuthService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_search, "BATCH", 4)
    admin = await make_admin(service)
    for _ in range(5):
        await service.register()
    lines = [json.loads(line) for line in (await export(service, admin, "format=ndjson")).splitlines()]
    assert lines == await audit_of(service, admin, "limit=100")
    assert lines[0]["action"] == "audit_exported"
    assert lines[0]["details"] == {"format": "ndjson"}
    rows = list(csv.DictReader(io.StringIO(await export(service, admin, "format=csv&action=registered"))))
    assert [row["id"] for row in rows] == [each["id"] for each in lines if each["action"] == "registered"]
    assert await export(service, admin, f"account={uuid4()}") == ""


async def test_exported_table_runs_nothing_in_a_spreadsheet(service: AuthService) -> None:
    admin = await make_admin(service)
    for agent in ('=cmd|"/c calc"!A1', "+1+1", "-2", "@SUM(1)", '"; drop', "plain"):
        await service.try_login(admin.email, device=Device(agent=agent))
    text = await export(service, admin, "format=csv&action=signed_in")
    agents = [row["user_agent"] for row in csv.DictReader(io.StringIO(text))]
    assert agents[:6] == ["plain", '"; drop', "'@SUM(1)", "'-2", "'+1+1", '\'=cmd|"/c calc"!A1']
    assert all(line.startswith('"') for line in text.splitlines())


async def test_export_needs_a_fresh_session_and_only_names_itself_to_head(service: AuthService) -> None:
    admin = await make_admin(service)
    async with service.public.head(EXPORT, headers=service.gateway.headers(admin, HOME)) as response:
        assert (response.status, await response.read()) == (200, b"")
    await service.admin.execute("update auth.session set authenticated_at = now() - interval '11 minutes'")
    reply = await service.call("GET", EXPORT, person=admin)
    assert (reply.status, reply.code) == (401, "insufficient_user_authentication")
