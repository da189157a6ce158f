import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from auth_service.app import MIGRATIONS
from shared.ids import uuid7
from shared.migration_files import expected_version
from tests.integration.auth_service.people import HOME, PASSWORD, Json, Person
from tests.integration.auth_service.world import AuthService
from tests.waiting import eventually

LOGOUT = "/v1/auth/logout"
BUSY = 503


async def follow(service: AuthService, snapshot: Json) -> list[Json]:
    path = f"/internal/events?after={snapshot['position']}&epoch={snapshot['epoch']}"
    reply = await service.internal("GET", path)
    assert reply.status == 200
    items: list[Json] = reply.body["items"]
    return items


async def until_logged_out(service: AuthService, person: Person) -> None:
    """Ask until it is done: on a busy machine the database may take longer than the service waits for it."""

    async def is_done() -> bool:
        reply = await service.post(LOGOUT, person=person)
        assert reply.status in (204, BUSY), reply
        return reply.status == 204

    await eventually(is_done)


async def test_snapshot_and_feed_together_miss_no_revocation(service: AuthService, replica: AuthService) -> None:
    """A6: snapshots taken while sessions end, each continued by the feed, all know every one of them."""
    first = await service.register()
    people = [first, *[await service.login(first) for _ in range(29)]]

    async def take_snapshots() -> list[Json]:
        replies = [await replica.internal("GET", "/internal/revocations") for _ in range(10)]
        return [reply.body for reply in replies if reply.status != BUSY]

    ends = [until_logged_out(each, person) for person, each in zip(people, [service, replica] * 15, strict=True)]
    _, snapshots = await asyncio.gather(asyncio.gather(*ends), take_snapshots())
    assert snapshots
    for snapshot in snapshots:
        known = {each["session_id"] for each in snapshot["revocations"]}
        later = {each["subject"] for each in await follow(service, snapshot) if each["type"] == "session_revoked"}
        assert not known & later
        assert known | later == {str(person.session_id) for person in people}


async def test_revocations_outlive_the_account_and_are_forgotten_after_11_minutes(service: AuthService) -> None:
    person, other = await service.register(), await service.register()
    await service.post("/v1/auth/account/deletion", {"password": PASSWORD}, person=person)
    await service.post(LOGOUT, person=other)
    reply = await service.internal("GET", "/internal/revocations")
    assert [each["session_id"] for each in reply.body["revocations"]] == [str(person.session_id), str(other.session_id)]
    assert reply.body["revocations"][0]["revoked_at"].endswith("Z")
    await service.admin.execute(
        "update auth.event set time = now() - interval '11 minutes' where subject = $1", str(person.session_id)
    )
    reply = await service.internal("GET", "/internal/revocations")
    assert [each["session_id"] for each in reply.body["revocations"]] == [str(other.session_id)]


async def test_revocation_reaches_a_waiting_reader_within_a_second(service: AuthService, replica: AuthService) -> None:
    """A6: the feed is a long poll, and another replica's commit wakes it."""
    person = await service.register()
    start = (await service.internal("GET", "/internal/revocations")).body
    path = f"/internal/events?after={start['position']}&epoch={start['epoch']}&wait=10"
    waiting = asyncio.create_task(service.internal("GET", path))
    await replica.post(LOGOUT, person=person)
    async with asyncio.timeout(2):
        [event] = (await waiting).body["items"]
    assert (event["type"], event["subject"]) == ("session_revoked", str(person.session_id))
    assert event["data"] == {"user_id": str(person.user_id), "reason": "logout"}


async def test_user_ids_are_listed_for_those_who_start_afresh(service: AuthService) -> None:
    an_hour_ago = uuid7().int - (3_600_000 << 80)
    old = [UUID(int=an_hour_ago + number) for number in range(5)]
    for user_id in old:
        await service.admin.execute(
            "insert into auth.account (user_id, email, email_key, password_hash) values ($1, $2, $2, '')",
            user_id,
            f"{user_id}@example.org",
        )
    newest = await service.register()
    first = (await service.internal("GET", "/internal/users?limit=3")).body
    rest = (await service.internal("GET", f"/internal/users?limit=3&after={first['next_after']}")).body
    assert [*first["items"], *rest["items"]] == [str(each) for each in old]
    assert rest["next_after"] is None
    told = [event["subject"] for event in await follow(service, first) if event["type"] == "user_registered"]
    assert told == [str(newest.user_id)]


async def test_bans_that_hold_are_told_to_those_who_start_afresh(service: AuthService) -> None:
    """A ban is older than what the feed reaches back to, or than the first release whose followers know of any."""
    free, banned, until, over = (UUID(int=uuid7().int - (3_600_000 << 80) + number) for number in range(4))
    now, hour = datetime.now(UTC), timedelta(hours=1)
    bans = ((free, None, None), (banned, now, None), (until, now, now + hour), (over, now - 2 * hour, now - hour))
    for user_id, at, end in bans:
        await service.admin.execute(
            """
            insert into auth.account (user_id, email, email_key, password_hash, banned_at, banned_until, ban_reason)
            values ($1, $2, $2, '', $3, $4, $5)
            """,
            *(user_id, f"{user_id}@example.org", at, end, "Spam" if at is not None else None),
        )
    told = (await service.internal("GET", "/internal/accounts")).body
    assert set(told["items"]) == {str(each) for each in (free, banned, until, over)}
    assert set(told["data"]) == {str(banned), str(until)}
    assert told["data"][str(banned)] == {"ban": {"until": None}}
    assert datetime.fromisoformat(told["data"][str(until)]["ban"]["until"]) == now + hour


async def test_registration_that_overtook_an_older_transaction_is_not_missed(service: AuthService) -> None:
    """Its id is too new for the list, and its position lies before that of an event that the list's time covers."""
    user_id = UUID(int=uuid7().int - (50_000 << 80))
    for kind, subject, age in (("user_registered", user_id, 50), ("session_revoked", uuid7(), 61)):
        await service.admin.execute(
            """
            insert into auth.event (event_id, type, subject, time, data)
            values (gen_random_uuid(), $1, $2, now() - make_interval(secs => $3), '{}')
            """,
            kind,
            str(subject),
            age,
        )
    page = (await service.internal("GET", "/internal/users")).body
    assert str(user_id) in [event["subject"] for event in await follow(service, page)]


@pytest.mark.parametrize(
    "path",
    [
        "/internal/events?after=0&epoch=019b0000-0000-7000-8000-000000000000",
        "/internal/revocations",
        "/internal/accounts",
        "/internal/users",
        "/.well-known/jwks.json",
    ],
)
async def test_private_routes_are_for_our_programs_alone(service: AuthService, path: str) -> None:
    """U9: neither without an assertion nor with a person's; and the public port doesn't know the internal ones."""
    person = await service.register()
    async with service.private.get(path) as response:
        assert response.status == 401
    async with service.private.get(path, headers=service.gateway.headers(person, device=HOME)) as response:
        assert response.status == 403
    if path.startswith("/internal"):
        assert (await service.call("GET", path, person=person)).status == 404


@pytest.mark.parametrize("path", ["/internal/credentials", "/internal/credential-uses", "/internal/confirmations"])
async def test_private_routes_that_take_something_are_for_our_programs_alone(service: AuthService, path: str) -> None:
    """U9"""
    person = await service.register()
    async with service.private.post(path, json={}) as response:
        assert response.status == 401
    async with service.private.post(path, json={}, headers=service.gateway.headers(person, HOME)) as response:
        assert response.status == 403
    assert (await service.post(path, {}, person=person)).status == 404
    assert (await service.internal("POST", path, {})).status == 400


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"confirmations": [{"session_id": "x", "generation": 1}]},
        {"confirmations": [{"session_id": "019b0000-0000-7000-8000-000000000000", "generation": 0}]},
        {"confirmations": [{"session_id": "019b0000-0000-7000-8000-000000000000", "generation": 2**31}]},
    ],
)
async def test_malformed_confirmations_are_refused(service: AuthService, body: Json) -> None:
    assert (await service.internal("POST", "/internal/confirmations", body)).status == 400


async def test_service_is_ready_and_measures(service: AuthService) -> None:
    await service.register()
    assert (await service.internal("GET", "/readyz")).body["ready"] is True
    async with service.private.get("/metrics") as response:
        text = await response.text()
    for name in ("auth_registrations_total", "auth_logins_total", "auth_refreshes_total"):
        assert name in text


async def test_api_document_names_every_route(service: AuthService) -> None:
    paths = (await service.call("GET", "/openapi.json")).body["paths"]
    assert set(paths["/v1/auth/sessions/{session_id}"]) == {"delete"}
    assert {"/v1/auth/register", "/v1/auth/refresh", "/v1/auth/account/deletion", "/.well-known/jwks.json"} <= set(
        paths
    )
    assert not [path for path in paths if path.startswith("/internal")]


async def test_service_on_an_older_schema_is_unready_and_says_so(service: AuthService) -> None:
    await service.admin.execute("delete from auth.schema_migration")
    ready = await service.internal("GET", "/readyz")
    assert ready.status == 503
    assert (
        ready.body["checks"]["database"]
        == f"schema auth has version 0, and version {expected_version(MIGRATIONS)} is needed"
    )
