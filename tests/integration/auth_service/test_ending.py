"""Logout, revoking from the list, and what happens when a refresh comes at the same moment."""

import asyncio
from uuid import uuid4

import pytest

from tests.integration.auth_service.world import PASSWORD, AuthService, Json, Person, Reply


async def is_live(service: AuthService, person: Person) -> bool:
    return (await service.refresh(person.refresh_token)).status == 200


async def test_logout_ends_this_session_at_once(service: AuthService) -> None:
    person = await service.register()
    other = await service.login(person)
    assert (await service.post("/v1/auth/logout", person=person)).status == 204
    reply = await service.refresh(person.refresh_token)
    assert (reply.status, reply.code, reply.body["detail"]) == (401, "session_revoked", "It was signed out.")
    assert await is_live(service, other)
    told = {"user_id": str(person.user_id), "reason": "logout"}
    assert await service.events("session_revoked") == [(str(person.session_id), told)]


@pytest.mark.parametrize(
    ("body", "living"),
    [
        ({}, {"second", "third", "foreign"}),
        ({"scope": "this"}, {"second", "third", "foreign"}),
        ({"scope": "others"}, {"first", "foreign"}),
        ({"scope": "all"}, {"foreign"}),
    ],
)
async def test_logout_reaches_as_far_as_asked(service: AuthService, body: Json, living: set[str]) -> None:
    first = await service.register()
    people = {
        "first": first,
        "second": await service.login(first),
        "third": await service.login(first),
        "foreign": await service.register(),
    }
    assert (await service.post("/v1/auth/logout", body, person=first)).status == 204
    assert len(await service.events("session_revoked")) == 4 - len(living)
    assert {name for name, person in people.items() if await is_live(service, person)} == living


async def test_logout_twice_is_fine_and_told_once(service: AuthService) -> None:
    person = await service.register()
    statuses = {(await service.post("/v1/auth/logout", person=person)).status for _ in range(3)}
    assert statuses == {204}
    assert len(await service.events("session_revoked")) == 1


async def test_logout_refuses_an_unknown_scope(service: AuthService) -> None:
    person = await service.register()
    assert (await service.post("/v1/auth/logout", {"scope": "world"}, person=person)).status == 400
    assert (await service.post("/v1/auth/logout", {"everything": True}, person=person)).status == 400
    assert await is_live(service, person)


async def test_sessions_are_listed_newest_first_in_pages(service: AuthService) -> None:
    person = await service.register()
    ids = [str(person.session_id), *[str((await service.login(person)).session_id) for _ in range(4)]]
    await service.register()
    path, seen, links = "/v1/auth/sessions?limit=2", [], []
    while path:
        reply = await service.call("GET", path, person=person)
        seen += reply.body["items"]
        links.append(reply.headers.get("Link"))
        cursor = reply.body["next_cursor"]
        path = f"/v1/auth/sessions?limit=2&cursor={cursor}" if cursor else ""
    assert [each["id"] for each in seen] == ids[::-1]
    assert [each["current"] for each in seen] == [False] * 4 + [True]
    assert seen[0] | {"id": 0, "created_at": 0, "last_used_at": 0, "current": 0} == {
        "id": 0,
        "current": 0,
        "user_agent": "Firefox on a desk",
        "address_prefix": "192.0.2.0/24",
        "created_at": 0,
        "last_used_at": 0,
    }
    assert [bool(link) for link in links] == [True, True, False]


async def test_list_shows_live_sessions_alone(service: AuthService) -> None:
    person = await service.register()
    ended, idle, old = [await service.login(person) for _ in range(3)]
    await service.post("/v1/auth/logout", person=ended)
    await service.let_time_pass(idle.session_id, "30 days")
    await service.let_time_pass(old.session_id, "90 days")
    reply = await service.call("GET", "/v1/auth/sessions", person=person)
    assert [each["id"] for each in reply.body["items"]] == [str(person.session_id)]


@pytest.mark.parametrize("query", ["limit=0", "limit=-1", "limit=2147483648", "limit=x", "cursor=AAAA", "page=2"])
async def test_bad_page_is_refused(service: AuthService, query: str) -> None:
    """U4: a limit out of range, a forged cursor."""
    person = await service.register()
    reply = await service.call("GET", f"/v1/auth/sessions?{query}", person=person)
    assert (reply.status, reply.code) == (400, "invalid_parameter")


async def test_somebody_elses_cursor_is_refused(service: AuthService) -> None:
    """U4: it is of another list."""
    first, second = await service.register(), await service.register()
    await service.login(first)
    cursor = (await service.call("GET", "/v1/auth/sessions?limit=1", person=first)).body["next_cursor"]
    assert (await service.call("GET", f"/v1/auth/sessions?cursor={cursor}", person=second)).status == 400


async def test_own_session_is_revoked_by_its_id(service: AuthService) -> None:
    person = await service.register()
    other = await service.login(person)
    path = f"/v1/auth/sessions/{other.session_id}"
    assert (await service.call("DELETE", path, person=person)).status == 204
    assert (await service.call("DELETE", path, person=person)).status == 204
    reply = await service.refresh(other.refresh_token)
    assert reply.body["detail"] == "It was ended from your list of sessions."
    assert await is_live(service, person)
    assert [subject for subject, _ in await service.events("session_revoked")] == [str(other.session_id)]


async def test_session_of_another_person_is_not_there(service: AuthService) -> None:
    """U1: another's session, an unknown one and no id at all are one answer, and nothing ends."""
    person, other = await service.register(), await service.register()
    for session_id in (str(other.session_id), str(uuid4()), "nonsense", "0"):
        reply = await service.call("DELETE", f"/v1/auth/sessions/{session_id}", person=person)
        assert (reply.status, reply.code) == (404, "not_found")
    assert await is_live(service, other)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/auth/logout"),
        ("GET", "/v1/auth/sessions"),
        ("DELETE", "/v1/auth/sessions/019b0000-0000-7000-8000-000000000000"),
        ("POST", "/v1/auth/password"),
        ("POST", "/v1/auth/account/deletion"),
    ],
)
async def test_routes_of_a_person_need_one(service: AuthService, method: str, path: str) -> None:
    """U9: an anonymous assertion is not enough, and none at all opens nothing."""
    assert (await service.call(method, path)).status == 401
    async with service.public.request(method, path) as response:
        assert response.status == 401


async def end_by(service: AuthService, how: str, person: Person) -> Reply:
    if how == "password change":
        body = {"current_password": PASSWORD, "new_password": "another password"}
        return await service.post("/v1/auth/password", body, person=await service.login(person))
    if how == "deletion":
        return await service.post("/v1/auth/account/deletion", {"password": PASSWORD}, person=person)
    return await service.post("/v1/auth/logout", {"scope": how}, person=person)


@pytest.mark.parametrize("how", ["this", "all", "password change", "deletion"])
async def test_no_refresh_survives_an_end_that_it_raced(service: AuthService, replica: AuthService, how: str) -> None:
    """A5: refreshes before, during and after; once the end is acknowledged, no token of the session works."""
    person = await service.register()
    stop = asyncio.Event()
    held = {person.refresh_token}

    async def keep_refreshing() -> None:
        token = person.refresh_token
        while not stop.is_set():
            reply = await replica.refresh(token)
            if reply.status != 200:
                return
            token = reply.body["refresh_token"]
            held.add(token)

    racing = asyncio.create_task(keep_refreshing())
    async with asyncio.timeout(5):
        while len(held) < 3:  # noqa: ASYNC110  it tells by what it holds
            await asyncio.sleep(0.001)
    assert (await end_by(service, how, person)).status == 204
    for token in sorted(held):
        assert (await service.refresh(token)).status == 401
    stop.set()
    await racing
    for token in held:
        assert (await service.refresh(token)).status == 401
    assert str(person.session_id) in [subject for subject, _ in await service.events("session_revoked")]


async def test_two_ends_of_all_sessions_at_once_dont_block_each_other(
    service: AuthService, replica: AuthService
) -> None:
    first = await service.register()
    people = [first, *[await service.login(first) for _ in range(9)]]
    ends = [
        each.post("/v1/auth/logout", {"scope": "all"}, person=person)
        for person, each in zip(people, [service, replica] * 5, strict=True)
    ]
    assert {reply.status for reply in await asyncio.gather(*ends)} == {204}
    assert len(await service.events("session_revoked")) == 10
