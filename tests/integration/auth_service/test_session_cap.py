"""An account has so many sessions at once, and no more, however many begin together."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.integration.auth_service.people import HOME, Device, Gateway, Person
from tests.integration.auth_service.world import AuthService, is_live, running
from tests.stores import DatabaseUrls

MOST = 4


@pytest.fixture
async def capped(auth_database: DatabaseUrls, gateway: Gateway) -> AsyncIterator[list[AuthService]]:
    """Two replicas."""
    async with (
        running(auth_database, gateway, SESSIONS_PER_ACCOUNT=str(MOST)) as one,
        running(auth_database, gateway, SESSIONS_PER_ACCOUNT=str(MOST)) as other,
    ):
        yield [one, other]


async def live_ids(service: AuthService, person: Person) -> list[str]:
    reply = await service.call("GET", "/v1/auth/sessions?limit=100", person=person)
    return [each["id"] for each in reply.body["items"]]


async def test_longest_unused_session_makes_room(capped: list[AuthService]) -> None:
    service = capped[0]
    first = await service.register()
    others = [await service.login(first) for _ in range(MOST - 1)]
    foreign = await service.register()
    await service.let_time_pass(others[1].session_id, "2 days")
    await service.let_time_pass(first.session_id, "1 day")
    newest = await service.login(first)
    reply = await service.refresh(others[1].refresh_token)
    assert (reply.status, reply.body["reason"]) == (401, "too_many_sessions")
    for person in (first, others[0], others[2], newest, foreign):
        assert await is_live(service, person)
    told = {"user_id": str(first.user_id), "reason": "too_many_sessions"}
    assert await service.events("session_revoked") == [(str(others[1].session_id), told)]
    written = await service.admin.fetchrow(
        "select session_id, details->>'for' from auth.audit_entry where action = 'session_ended'"
    )
    assert written is not None
    assert tuple(written) == (others[1].session_id, str(newest.session_id))


async def test_sessions_that_are_over_take_no_room(capped: list[AuthService]) -> None:
    service = capped[0]
    first = await service.register()
    expired, ended, *_ = [await service.login(first) for _ in range(MOST - 1)]
    await service.let_time_pass(expired.session_id, "30 days")
    await service.post("/v1/auth/logout", person=ended)
    await service.login(first)
    await service.login(first)
    assert await is_live(service, first)
    assert len(await live_ids(service, first)) == MOST


@pytest.mark.parametrize("kind", ["token", "browser"])
async def test_parallel_logins_never_leave_more(capped: list[AuthService], kind: str) -> None:
    """Each login is answered, on a device of its own, and each end has one event."""
    service = capped[0]
    first = await service.register()
    body = {"email": first.email, "password": "correct horse battery", "session": kind}
    devices = [Device(agent=f"device {number}") for number in range(10)]
    calls = [
        each.call("POST", "/v1/auth/login", body, device=device)
        for each, device in zip(capped * 5, devices, strict=True)
    ]
    replies = await asyncio.gather(*calls)
    assert {reply.status for reply in replies} == {200}
    rows = await service.admin.fetch(
        "select session_id, revoked_at, revoked_reason from auth.session where revoked_at is null"
    )
    assert len(rows) == MOST
    ended = await service.events("session_revoked")
    assert len({subject for subject, _ in ended}) == len(ended) == 11 - MOST
    assert {data["reason"] for _, data in ended} == {"too_many_sessions"}


async def test_signing_in_anew_in_the_same_browser_costs_nobody_a_session(capped: list[AuthService]) -> None:
    service = capped[0]
    first = await service.register()
    others = [await service.login(first) for _ in range(MOST - 2)]
    body = {"email": first.email, "password": "correct horse battery", "session": "browser"}
    cookie = (await service.post("/v1/auth/login", body)).headers["Set-Cookie"].partition(";")[0]
    headers = service.gateway.headers(None, HOME) | {"Cookie": cookie}
    async with service.public.post("/v1/auth/login", json=body, headers=headers) as response:
        assert response.status == 200
    for person in (first, *others):
        assert await is_live(service, person)
    assert [data["reason"] for _, data in await service.events("session_revoked")] == ["signed_in_anew"]
