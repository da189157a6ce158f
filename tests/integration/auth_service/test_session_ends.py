"""Whoever is logged out can read why: in the list of ended sessions, from a refresh, from a browser's dead cookie."""

from http.cookies import SimpleCookie

import pytest

from auth_service.handlers.sessions import ENDING
from auth_service.service.ending import SessionEnding
from shared.credentials import new_session_cookie, session_in_cookie
from tests.integration.auth_service.people import HOME, PASSWORD, STRANGER, Device, Json, Person
from tests.integration.auth_service.world import AuthService

FIREFOX = Device("192.0.2.10", "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0")
CHANGE = {"current_password": PASSWORD, "new_password": "another password"}


def ending_of(service: AuthService) -> SessionEnding:
    assert service.public.app is not None
    ending: SessionEnding = service.public.app[ENDING]
    return ending


async def listed(service: AuthService, person: Person, query: str = "") -> list[Json]:
    reply = await service.call("GET", f"/v1/auth/sessions{query}", person=person)
    assert reply.status == 200, reply
    items: list[Json] = reply.body["items"]
    return items


async def cookie_of(service: AuthService, person: Person, before: str = "") -> str:
    headers = service.gateway.headers(None, HOME) | ({"Cookie": f"session={before}"} if before else {})
    credentials = {"email": person.email, "password": PASSWORD, "session": "browser"}
    async with service.public.post("/v1/auth/login", json=credentials, headers=headers) as response:
        return SimpleCookie(response.headers["Set-Cookie"])["session"].value


async def test_session_is_shown_as_its_owner_knows_it(service: AuthService) -> None:
    person = await service.register()
    await service.login(person, device=FIREFOX)
    await service.holder("browser_session", await cookie_of(service, person))
    browser, token, first = await listed(service, person)
    assert (token["browser"], token["system"], token["user_agent"]) == ("Firefox", "Linux", FIREFOX.agent)
    assert (token["kind"], token["methods"], token["address_prefix"]) == ("token", ["pwd"], "192.0.2.0/24")
    assert token["authenticated_at"] <= token["last_used_at"]
    assert (browser["kind"], browser["system"], browser["current"], first["current"]) == ("browser", "", False, True)
    assert {each[name] for each in (browser, token, first) for name in each if name.startswith("end")} == {None}


async def test_every_forced_logout_is_listed_with_its_reason(service: AuthService) -> None:
    """A2, A5: and with its time; what the refresh token's holder is told is the same."""
    person = await service.register()
    out, revoked, reused, idle, elsewhere = [await service.login(person) for _ in range(5)]
    await service.post("/v1/auth/logout", person=out)
    await service.call("DELETE", f"/v1/auth/sessions/{revoked.session_id}", person=person)
    second = await service.refresh(reused.refresh_token)
    await service.refresh(second.body["refresh_token"])
    await service.refresh(reused.refresh_token)
    await service.let_time_pass(idle.session_id, "31 days")
    await service.post("/v1/auth/password", CHANGE, person=person)
    ended = {each["id"]: each for each in await listed(service, person, "?ended=true")}
    expected = [
        (out, "logout"),
        (revoked, "revoked_by_owner"),
        (reused, "refresh_token_reuse"),
        (idle, "expired"),
        (elsewhere, "password_changed"),
    ]
    assert {str(each.session_id): reason for each, reason in expected} == {
        session_id: each["end_reason"] for session_id, each in ended.items()
    }
    for each, reason in expected:
        shown, told = ended[str(each.session_id)], await service.refresh(each.refresh_token)
        assert shown["ended_at"] is not None
        if reason != "expired":
            assert (told.body["reason"], told.body["detail"]) == (reason, shown["end_explanation"])
    assert [each["id"] for each in await listed(service, person)] == [str(person.session_id)]


async def test_ended_sessions_come_in_pages_and_are_ones_own(service: AuthService) -> None:
    person, other = await service.register(), await service.register()
    ended = [await service.login(person) for _ in range(3)]
    await service.post("/v1/auth/logout", {"scope": "others"}, person=person)
    first = await service.call("GET", "/v1/auth/sessions?ended=true&limit=2", person=person)
    cursor = first.body["next_cursor"]
    second = await service.call("GET", f"/v1/auth/sessions?ended=true&limit=2&cursor={cursor}", person=person)
    shown = [each["id"] for each in first.body["items"] + second.body["items"]]
    assert shown == [str(each.session_id) for each in reversed(ended)]
    assert (await service.call("GET", f"/v1/auth/sessions?cursor={cursor}", person=person)).status == 400
    assert await listed(service, other, "?ended=true") == []


async def test_reason_of_a_newer_release_is_read_all_the_same(service: AuthService) -> None:
    """While two releases run side by side."""
    person = await service.register()
    other = await service.login(person)
    await service.post("/v1/auth/logout", person=other)
    await service.admin.execute("update auth.session set revoked_reason = 'moon' where revoked_reason is not null")
    [shown] = await listed(service, person, "?ended=true")
    assert (shown["end_reason"], shown["end_explanation"]) == ("other", "It was ended.")
    assert (await service.refresh(other.refresh_token)).body["reason"] == "other"


async def test_dead_cookie_tells_its_browser_why(service: AuthService) -> None:
    person = await service.register()
    cookie = await cookie_of(service, person)
    assert await ending_of(service).reason_of(cookie) is None
    await service.post("/v1/auth/password", CHANGE, person=person)
    end = await ending_of(service).reason_of(cookie)
    assert end is not None
    assert (end.reason.value, end.forced) == ("password_changed", True)
    assert end.explanation == "The password was changed in another session."


async def test_cookie_tells_that_it_has_expired(service: AuthService) -> None:
    cookie = await cookie_of(service, await service.register())
    session_id = session_in_cookie(cookie)
    assert session_id is not None
    await service.let_time_pass(session_id, "31 days")
    end = await ending_of(service).reason_of(cookie)
    assert end is not None
    assert end.reason.value == "expired"


async def test_cookie_that_a_step_up_replaced_tells_so_once_it_is_dead(service: AuthService) -> None:
    """The answer with the new one was lost, or crossed another; or the thief of the old one stepped up."""
    person = await service.register()
    cookie = await cookie_of(service, person)
    browser = await service.holder("browser_session", cookie)
    reply = await service.post("/v1/auth/step-up", {"password": PASSWORD}, person=browser)
    renewed = SimpleCookie(reply.headers["Set-Cookie"])["session"].value
    assert await ending_of(service).reason_of(cookie) is None  # it is good for half a minute
    await service.admin.execute("update auth.session set replaced_at = now() - interval '30 seconds'")
    end = await ending_of(service).reason_of(cookie)
    assert end is not None
    assert (end.reason.value, end.forced) == ("cookie_replaced", True)
    assert await ending_of(service).reason_of(renewed) is None
    await service.post("/v1/auth/password", CHANGE, person=person)
    for each in (cookie, renewed):
        end = await ending_of(service).reason_of(each)
        assert end is not None
        assert end.reason.value == "password_changed"


async def test_end_that_one_chose_is_not_a_forced_one(service: AuthService) -> None:
    person = await service.register()
    first = await cookie_of(service, person)
    second = await cookie_of(service, person, before=first)
    await service.post("/v1/auth/logout", person=await service.holder("browser_session", second))
    for cookie in (first, second):
        end = await ending_of(service).reason_of(cookie)
        assert end is not None
        assert not end.forced


@pytest.mark.parametrize("forgery", ["", "x", "0" * 81], ids=["empty", "short", "long"])
async def test_cookie_that_is_not_genuine_tells_nothing(service: AuthService, forgery: str) -> None:
    person = await service.register()
    cookie = await cookie_of(service, person)
    await service.post("/v1/auth/logout", {"scope": "all"}, person=person)
    session_id = session_in_cookie(cookie)
    assert session_id is not None
    for text in (forgery, new_session_cookie(session_id), cookie[:-1], new_session_cookie(person.session_id)):
        assert await ending_of(service).reason_of(text) is None


async def test_ends_are_written_down(service: AuthService) -> None:
    """Who ended it, from where; of a reused token nobody knows whose hands it is in."""
    person = await service.register()
    out, revoked, reused = [await service.login(person) for _ in range(3)]
    await service.post("/v1/auth/logout", person=out)
    await service.post("/v1/auth/logout", person=out)
    await service.call("DELETE", f"/v1/auth/sessions/{revoked.session_id}", person=person, device=FIREFOX)
    second = await service.refresh(reused.refresh_token)
    await service.refresh(second.body["refresh_token"])
    old = {"refresh_token": reused.refresh_token}
    await service.call("POST", "/v1/auth/refresh", old, device=STRANGER)
    rows = await service.admin.fetch(
        """
        select action, actor_id, session_id, address_prefix, user_agent, details->>'reason' as reason
        from auth.audit_entry
        where action not in ('registered', 'signed_in') and action not like 'signing_key%'
        order by audit_entry_id
        """
    )
    me = person.user_id
    assert [tuple(row) for row in rows] == [
        ("signed_out", me, out.session_id, "192.0.2.0/24", HOME.agent, "logout"),
        ("session_ended", me, revoked.session_id, "192.0.2.0/24", FIREFOX.agent, "revoked_by_owner"),
        ("refresh_token_reused", None, reused.session_id, "203.0.113.0/24", "curl", "refresh_token_reuse"),
    ]
