"""Logout, and what happens when a refresh comes at the same moment."""

import asyncio

import pytest

from tests.integration.auth_service.people import PASSWORD, Json, Person, Reply
from tests.integration.auth_service.world import AuthService, is_live, until_blocked


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
    statuses = {reply.status for reply in await asyncio.gather(*ends)}
    assert 204 in statuses
    assert statuses <= {204, 401}  # whoever comes after has been ended, and has no say
    assert len(await service.events("session_revoked")) == 10


@pytest.mark.parametrize("rotated_before", [False, True], ids=["rotation", "repeated answer"])
async def test_refresh_that_read_the_session_before_its_end_fails(service: AuthService, rotated_before: bool) -> None:  # noqa: FBT001  pytest passes by name
    """A5: the refresh judged a live session, and the end was committed before it could act."""
    person = await service.register()
    if rotated_before:
        await service.refresh(person.refresh_token)
    async with service.admin.transaction():
        await service.admin.execute("update auth.session set revoked_at = now(), revoked_reason = 'logout'")
        refreshing = asyncio.create_task(service.refresh(person.refresh_token))
        await until_blocked(service)
    assert (await refreshing).code == "session_revoked"


@pytest.mark.parametrize("how", ["others", "all", "one"])
async def test_other_sessions_are_ended_by_who_has_proved_lately_alone(service: AuthService, how: str) -> None:
    """A thief with a stolen session can't drive its owner out (ASVS 5.0, 7.5.2)."""
    person = await service.register()
    other = await service.login(person)
    await service.admin.execute("update auth.session set authenticated_at = now() - interval '11 minutes'")

    async def end() -> Reply:
        if how == "one":
            return await service.call("DELETE", f"/v1/auth/sessions/{other.session_id}", person=person)
        return await service.post("/v1/auth/logout", {"scope": how}, person=person)

    refused = await end()
    assert (refused.status, refused.code) == (401, "insufficient_user_authentication")
    assert await is_live(service, other)
    assert (await service.post("/v1/auth/step-up", {"password": PASSWORD}, person=person)).status == 200
    assert (await end()).status == 204
    assert not await is_live(service, other)


async def test_ones_own_session_is_ended_without_a_new_proof(service: AuthService) -> None:
    person = await service.register()
    again = await service.login(person)
    await service.admin.execute("update auth.session set authenticated_at = now() - interval '11 minutes'")
    assert (await service.post("/v1/auth/logout", person=person)).status == 204
    assert (await service.call("DELETE", f"/v1/auth/sessions/{again.session_id}", person=again)).status == 204
    assert not await is_live(service, again)
