from http.cookies import SimpleCookie
from uuid import uuid4

import pytest

from shared.credentials import new_session_cookie, session_in_cookie
from tests.integration.auth_service.people import HOME, PASSWORD, Gateway, Json, Person
from tests.integration.auth_service.world import AuthService, running
from tests.stores import DatabaseUrls

LOGIN = "/v1/auth/login"
KIND = "browser_session"


async def sign_in(service: AuthService, person: Person, before: str = "", name: str = "session") -> str:
    """Sign in as a browser that has the cookie `before`, and return the new one."""
    headers = service.gateway.headers(None, HOME) | ({"Cookie": f"theme=dark; {name}={before}"} if before else {})
    credentials = {"email": person.email, "password": PASSWORD, "session": "browser"}
    async with service.public.post(LOGIN, json=credentials, headers=headers) as response:
        assert response.status == 200
        assert await response.json() == {"user_id": str(person.user_id)}
        return SimpleCookie(response.headers["Set-Cookie"])[name].value


async def test_browser_gets_a_cookie_and_no_tokens(service: AuthService) -> None:
    person = await service.register()
    reply = await service.post(LOGIN, {"email": person.email, "password": PASSWORD, "session": "browser"})
    assert reply.body == {"user_id": str(person.user_id)}
    assert reply.headers["Cache-Control"] == "no-store"
    value, attributes = reply.headers["Set-Cookie"].split("; ", 1)
    assert attributes == "Max-Age=7776000; Path=/; HttpOnly; SameSite=Lax"
    assert session_in_cookie(value.removeprefix("session=")) is not None
    dump = await service.admin.fetchval("select string_agg(s::text, ' ') from auth.session s")
    assert value[-49:] not in dump


async def test_over_https_the_cookie_is_of_this_host_alone(auth_database: DatabaseUrls, gateway: Gateway) -> None:
    async with running(auth_database, gateway, PUBLIC_URL="https://c.example.org") as service:
        person = await service.register()
        reply = await service.post(LOGIN, {"email": person.email, "password": PASSWORD, "session": "browser"})
        value, attributes = reply.headers["Set-Cookie"].split("; ", 1)
        assert value.startswith("__Host-session=")
        assert attributes == "Max-Age=7776000; Path=/; HttpOnly; SameSite=Lax; Secure"


async def test_cookie_stands_for_a_session_like_any_other(service: AuthService) -> None:
    person = await service.register()
    cookie = await sign_in(service, person)
    told = await service.verify(KIND, cookie)
    assert told is not None
    assert (told["user_id"], told["scopes"], told["amr"]) == (str(person.user_id), ["full"], ["pwd"])
    assert told["credential_id"] == str(session_in_cookie(cookie))
    browser = await service.holder(KIND, cookie)
    listed = (await service.call("GET", "/v1/auth/sessions", person=browser)).body["items"]
    assert [(each["id"], each["current"]) for each in listed] == [
        (told["credential_id"], True),
        (str(person.session_id), False),
    ]


@pytest.mark.parametrize(
    ("email", "password", "status", "code"),
    [
        pytest.param(None, "wrong password", 401, "invalid_credentials", id="wrong password"),
        pytest.param("nobody@example.org", PASSWORD, 401, "invalid_credentials", id="unknown address"),
        pytest.param("nonsense", PASSWORD, 422, "invalid_email", id="no address"),
    ],
)
async def test_failed_sign_in_sets_no_cookie(
    service: AuthService, email: str | None, password: str, status: int, code: str
) -> None:
    person = await service.register()
    reply = await service.post(LOGIN, {"email": email or person.email, "password": password, "session": "browser"})
    assert (reply.status, reply.code, reply.headers.get("Set-Cookie")) == (status, code, None)
    assert await service.admin.fetchval("select count(*) from auth.session") == 1


async def test_wrong_passwords_are_counted_with_those_of_the_other_way_in(service: AuthService) -> None:
    """A10: one counter per account, whatever the route."""
    person = await service.register()
    bad = {"email": person.email, "password": "wrong password"}
    codes = [(await service.post(LOGIN, bad | {"session": kind})).code for kind in ("token", "browser") * 6]
    assert codes == ["invalid_credentials"] * 10 + ["too_many_attempts"] * 2


async def test_form_of_a_foreign_page_signs_nobody_in(service: AuthService) -> None:
    """A26: no form can send JSON as JSON."""
    person = await service.register()
    headers = service.gateway.headers(None, HOME) | {"Content-Type": "text/plain"}
    data = f'{{"email": "{person.email}", "password": "{PASSWORD}"}}'
    async with service.public.post(LOGIN, data=data, headers=headers) as response:
        assert response.status == 415
        assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize("body", [None, {"scope": "this"}, {"scope": "all"}])
async def test_logout_ends_the_session_and_takes_the_cookie_back(service: AuthService, body: Json | None) -> None:
    cookie = await sign_in(service, await service.register())
    browser = await service.holder(KIND, cookie)
    reply = await service.post("/v1/auth/logout", body, person=browser)
    assert reply.status == 204
    assert reply.headers["Set-Cookie"] == "session=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax"
    assert await service.verify(KIND, cookie) is None
    told = [subject for subject, _ in await service.events("session_revoked")]
    assert str(session_in_cookie(cookie)) in told


async def test_logout_elsewhere_leaves_the_cookie(service: AuthService) -> None:
    person = await service.register()
    cookie = await sign_in(service, person)
    reply = await service.post("/v1/auth/logout", {"scope": "others"}, person=await service.holder(KIND, cookie))
    assert (reply.status, reply.headers.get("Set-Cookie")) == (204, None)
    assert await service.verify(KIND, cookie) is not None
    again = await service.login(person)
    reply = await service.post("/v1/auth/logout", person=again)
    assert (reply.status, reply.headers.get("Set-Cookie")) == (204, None)


async def test_session_with_a_cookie_ends_with_the_others(service: AuthService) -> None:
    """A5: on a password change and on deletion."""
    person = await service.register()
    cookie = await sign_in(service, person)
    change = {"current_password": PASSWORD, "new_password": "a new password"}
    assert (await service.post("/v1/auth/password", change, person=person)).status == 204
    assert await service.verify(KIND, cookie) is None


async def test_signing_in_anew_ends_the_session_before(service: AuthService) -> None:
    """Also where it was another person's: one browser, one session. Its cookie must be genuine for that."""
    person, other = await service.register(), await service.register()
    first = await sign_in(service, person)
    for forged in (new_session_cookie(session_in_cookie(first) or uuid4()), first[:-1], "x"):
        await sign_in(service, other, before=forged)
    assert await service.verify(KIND, first) is not None
    second = await sign_in(service, other, before=first)
    assert await service.verify(KIND, first) is None
    assert await service.verify(KIND, second) is not None
    [(subject, data)] = await service.events("session_revoked")
    assert (subject, data["reason"]) == (str(session_in_cookie(first)), "signed_in_anew")


async def test_only_the_very_cookie_is_good(service: AuthService) -> None:
    person = await service.register()
    cookie = await sign_in(service, person)
    session_id = session_in_cookie(cookie)
    assert session_id is not None
    for text in ("", cookie[:-1], new_session_cookie(session_id), new_session_cookie(uuid4()), cookie[33:]):
        assert await service.verify(KIND, text) is None
    assert await service.verify("api_key", cookie) is None
    assert await service.verify(KIND, new_session_cookie(person.session_id)) is None


async def test_cookie_is_no_refresh_token(service: AuthService) -> None:
    cookie = await sign_in(service, await service.register())
    assert (await service.refresh(cookie)).code == "invalid_refresh_token"
    assert await service.verify(KIND, cookie) is not None


@pytest.mark.parametrize(("uses", "alive"), [([], False), ([29], True), ([29, 29, 29], True), ([29, 29, 29, 4], False)])
async def test_session_ends_after_30_days_without_use_and_90_in_all(
    service: AuthService,
    uses: list[int],
    alive: bool,  # noqa: FBT001  pytest passes by name
) -> None:
    """Reports of use keep it alive, and never revive it."""
    cookie = await sign_in(service, await service.register())
    session_id = session_in_cookie(cookie)
    assert session_id is not None
    body = {"browser_sessions": [str(session_id)], "api_keys": []}
    for days in uses:
        await service.let_time_pass(session_id, f"{days} days")
        assert (await service.internal("POST", "/internal/credential-uses", body)).status == 204
    await service.let_time_pass(session_id, "2 days" if uses else "30 days")
    assert (await service.internal("POST", "/internal/credential-uses", body)).status == 204
    assert (await service.verify(KIND, cookie) is not None) == alive


async def test_reports_of_one_session_dont_block_each_other(service: AuthService, replica: AuthService) -> None:
    """Nor do they wait for somebody who deletes the account."""
    cookie = await sign_in(service, await service.register())
    session_id = session_in_cookie(cookie)
    assert session_id is not None
    await service.let_time_pass(session_id, "1 hour")
    body = {"browser_sessions": [str(session_id)], "api_keys": []}
    async with service.admin.transaction():
        await service.admin.execute("select from auth.session for update")
        assert (await replica.internal("POST", "/internal/credential-uses", body)).status == 204
