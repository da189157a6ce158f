"""Cookies and API keys through the whole stack: made, used, ended, refused."""

import os
import signal
from collections.abc import AsyncIterator
from http import HTTPStatus

import pytest

from tests.e2e.stack import Stack
from tests.e2e.visitor import PASSWORD, Reply, Visitor
from tests.waiting import eventually

KEYS = "/v1/auth/api-keys"
KEY = {"name": "backup", "scopes": ["users:read", "files:read"]}


class Browser:
    """Keeps one cookie, and says which page it is on."""

    def __init__(self, person: Visitor) -> None:
        self.person = person
        self.cookie = ""

    async def call(self, method: str, path: str, origin: str | None = None, **options: object) -> Reply:
        headers = {"Cookie": self.cookie, "Origin": origin or self.person.url, "Authorization": None}
        sent = {name: value for name, value in headers.items() if value}
        reply = await anonymous(self.person).call(method, path, headers=sent, **options)
        for line in reply.headers.getall("Set-Cookie", ()):
            self.cookie = line.partition(";")[0]
        return reply

    async def sign_in(self) -> Reply:
        return await self.call(
            "POST",
            "/v1/auth/login",
            json={"email": self.person.email, "password": PASSWORD, "session": "browser"},
        )


def anonymous(person: Visitor) -> Visitor:
    """The same connection without the access token."""
    return Visitor(person.url, person.address, person.session, person.email)


def with_key(person: Visitor, key: str) -> Visitor:
    """A program of the person's that has an API key."""
    return Visitor(person.url, person.address, person.session, person.email, {"access_token": key})


async def refused(who: Visitor | Browser) -> bool:
    return (await who.call("GET", "/v1/users/me")).status == 401


@pytest.fixture
async def browser(ada: Visitor) -> Browser:
    browser = Browser(ada)
    assert (await browser.sign_in()).status == 200
    return browser


@pytest.fixture
async def sturdy_browser(fault_stack: Stack, unique: str) -> AsyncIterator[Browser]:
    """One of the stack whose processes may be stopped."""
    async with Visitor.at(fault_stack.url) as person:
        assert (await person.register(f"sturdy-{unique}@example.org")).status == 201
        browser = Browser(person)
        assert (await browser.sign_in()).status == 200
        yield browser


async def test_browser_signs_in_sees_itself_and_leaves(browser: Browser) -> None:
    """The cookie is dead within a second of the logout."""
    cookie = browser.cookie
    me = await browser.call("GET", "/v1/users/me")
    assert (me.status, me.json()["id"]) == (200, browser.person.user_id)
    edited = await browser.call("PATCH", "/v1/users/me", json={"display_name": "Ada in a browser"})
    assert edited.status == 200
    listed = (await browser.call("GET", "/v1/auth/sessions")).json()["items"]
    assert [session["current"] for session in listed] == [True, False]

    assert (await browser.call("POST", "/v1/auth/logout")).status == 204
    assert browser.cookie == "session="
    browser.cookie = cookie

    async def signed_out() -> bool:
        return await refused(browser)

    await eventually(signed_out, within=1.0)
    assert (await browser.call("GET", "/v1/users/me")).code == "invalid_session"
    assert not await refused(browser.person)


async def test_sign_in_answers_without_tokens(ada: Visitor) -> None:
    reply = await Browser(ada).sign_in()
    assert reply.json() == {"user_id": ada.user_id}
    assert reply.headers["Set-Cookie"].split("; ")[1:] == ["Max-Age=7776000", "Path=/", "HttpOnly", "SameSite=Lax"]


async def test_second_sign_in_of_a_browser_ends_the_first(browser: Browser) -> None:
    first = browser.cookie
    await browser.sign_in()
    assert not await refused(browser)
    browser.cookie = first

    async def ended() -> bool:
        return await refused(browser)

    await eventually(ended, within=1.0)


async def test_foreign_page_changes_nothing_with_the_cookie(browser: Browser) -> None:
    """A26: a form of another site sends text/plain along with the cookie."""
    for body in ('{"display_name": "Mallory"}', ""):
        headers = {"origin": "https://evil.example", "data": body}
        assert (await browser.call("PATCH", "/v1/users/me", **headers)).code == "cross_site_request"
        assert (await browser.call("POST", "/v1/auth/logout", **headers)).code == "cross_site_request"
    assert not await refused(browser)


async def test_key_reads_what_it_may_until_it_is_deleted(ada: Visitor) -> None:
    made = await ada.call("POST", KEYS, json=KEY)
    assert made.status == 201
    program = with_key(ada, made.json()["key"])
    me = await program.call("GET", "/v1/users/me")
    assert (me.status, me.json()["id"]) == (200, ada.user_id)
    assert (await program.call("GET", "/v1/files")).status == 200
    assert (await program.call("PATCH", "/v1/users/me", json={"bio": "x"})).code == "insufficient_scope"
    assert (await program.upload(b"x")).code == "insufficient_scope"

    assert (await ada.call("DELETE", made.headers["Location"])).status == 204

    async def dead() -> bool:
        return await refused(program)

    await eventually(dead, within=1.0)


async def test_key_has_no_power_over_the_account(ada: Visitor) -> None:
    """A20: whatever its scopes are."""
    made = await ada.call("POST", KEYS, json=KEY | {"scopes": ["full"]})
    program = with_key(ada, made.json()["key"])
    assert (await program.call("PATCH", "/v1/users/me", json={"bio": "By a program."})).status == 200
    for method, path in (
        ("POST", KEYS),
        ("GET", KEYS),
        ("DELETE", made.headers["Location"]),
        ("GET", "/v1/auth/sessions"),
        ("POST", "/v1/auth/logout"),
        ("POST", "/v1/auth/password"),
        ("POST", "/v1/auth/account/deletion"),
    ):
        assert (await program.call(method, path)).code == "session_required"


async def test_nobody_reaches_anothers_key(ada: Visitor, grace: Visitor) -> None:
    """A20"""
    made = await ada.call("POST", KEYS, json=KEY)
    for method in ("GET", "DELETE"):
        assert (await grace.call(method, made.headers["Location"])).code == "not_found"
    assert (await grace.call("GET", KEYS)).json()["items"] == []
    assert not await refused(with_key(ada, made.json()["key"]))


async def test_deleted_account_takes_cookies_and_keys_along(browser: Browser) -> None:
    """U10: within a second, though both are in the gateway's cache."""
    ada = browser.person
    program = with_key(ada, (await ada.call("POST", KEYS, json=KEY)).json()["key"])
    assert not await refused(browser)
    assert not await refused(program)
    assert (await ada.call("POST", "/v1/auth/account/deletion", json={"password": PASSWORD})).status == 204

    async def gone() -> bool:
        return await refused(browser) and await refused(program)

    await eventually(gone, within=1.0)


async def test_last_use_of_a_key_is_shown(ada: Visitor) -> None:
    made = await ada.call("POST", KEYS, json=KEY)
    await with_key(ada, made.json()["key"]).call("GET", "/v1/users/me")

    async def noted() -> bool:
        return (await ada.call("GET", made.headers["Location"])).json()["last_used_at"] is not None

    await eventually(noted, within=30)


async def test_known_credentials_outlast_auth_service(sturdy_browser: Browser, fault_stack: Stack) -> None:
    """R4: while it hangs, known ones go on, and new ones are told to come back, in time."""
    ada = sturdy_browser.person
    keys = [(await ada.call("POST", KEYS, json=KEY)).json()["key"] for _ in range(2)]
    known, new = with_key(ada, keys[0]), with_key(ada, keys[1])
    assert not await refused(sturdy_browser)
    assert not await refused(known)
    pid = fault_stack.pid("auth_service")
    os.kill(pid, signal.SIGSTOP)
    try:
        assert (await sturdy_browser.call("GET", "/v1/users/me")).status == 200
        assert (await known.call("GET", "/v1/users/me")).status == 200
        reply = await new.call("GET", "/v1/users/me")
        assert (reply.code, "Retry-After" in reply.headers) == ("unavailable", True)
    finally:
        os.kill(pid, signal.SIGCONT)

    async def checked() -> bool:
        return (await new.call("GET", "/v1/users/me")).status == 200

    await eventually(checked)


async def test_killed_auth_service_ends_nobody(sturdy_browser: Browser, fault_stack: Stack) -> None:
    """R4: no request fails for those who are known, from the kill until it is back and has been read anew."""
    known = with_key(sturdy_browser.person, (await sturdy_browser.person.call("POST", KEYS, json=KEY)).json()["key"])
    for who in (sturdy_browser, known):
        assert not await refused(who)
    pid = fault_stack.pid("auth_service")
    os.kill(pid, signal.SIGKILL)
    seen: set[tuple[int, str]] = set()

    async def back() -> bool:
        for who in (sturdy_browser, known):
            reply = await who.call("GET", "/v1/users/me")
            seen.add((reply.status, "" if reply.status == HTTPStatus.OK else reply.body.decode()))
        return fault_stack.pid("auth_service") not in (0, pid) and await fault_stack.ready()

    await eventually(back, within=30)
    assert seen == {(HTTPStatus.OK, "")}
