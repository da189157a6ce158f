from uuid import uuid4

import pytest

from tests.integration.auth_service.world import AuthService, is_live


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
