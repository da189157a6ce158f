"""An account that signed in by other ways gets its first password from a session that was proved just now."""

import pytest

from tests.integration.auth_service.browsing import Browser
from tests.integration.auth_service.people import PASSWORD, Person
from tests.integration.auth_service.world import AuthService

NEW = {"new_password": "first of my own"}


@pytest.fixture
async def person(service: AuthService) -> Person:
    """Somebody without a password."""
    person = await service.register("ada@example.org")
    await service.admin.execute("update auth.account set password_hash = null")
    return person


async def test_fresh_session_sets_the_first_password(service: AuthService, person: Person) -> None:
    assert (await service.post("/v1/auth/password", NEW, person=person)).status == 204
    assert (await service.try_login(person.email, NEW["new_password"])).status == 200
    entries = await service.admin.fetch("select user_id from auth.audit_entry where action = 'password_changed'")
    assert [entry["user_id"] for entry in entries] == [person.user_id]


async def test_stale_session_is_asked_to_step_up(service: AuthService, person: Person) -> None:
    await service.admin.execute("update auth.session set authenticated_at = now() - interval '11 minutes'")
    reply = await service.post("/v1/auth/password", NEW, person=person)
    assert (reply.status, reply.code) == (401, "insufficient_user_authentication")
    assert 'max_age="600"' in reply.headers["WWW-Authenticate"]
    assert (await service.try_login(person.email, NEW["new_password"])).status == 401


async def test_account_without_a_password_is_deleted_by_a_fresh_session(service: AuthService, person: Person) -> None:
    await service.admin.execute("update auth.session set authenticated_at = now() - interval '11 minutes'")
    stale = await service.post("/v1/auth/account/deletion", {}, person=person)
    assert (stale.status, stale.code) == (401, "insufficient_user_authentication")
    await service.admin.execute("update auth.session set authenticated_at = now()")
    assert (await service.post("/v1/auth/account/deletion", {}, person=person)).status == 204
    assert not await service.admin.fetchval("select count(*) from auth.account")


async def test_pages_ask_nobody_for_a_password_that_there_is_not(service: AuthService) -> None:
    person, browser = await service.register(), Browser(service)
    await browser.sign_in(person.email)
    for page, field in (("/account/password", "current_password"), ("/account/deletion", "password")):
        assert field in (await browser.get(page)).forms[page].fields
    await service.admin.execute("update auth.account set password_hash = null")
    for page, field in (("/account/password", "current_password"), ("/account/deletion", "password")):
        assert field not in (await browser.get(page)).forms[page].fields
    await browser.send("/account/password", **NEW)
    assert (await service.try_login(person.email, NEW["new_password"])).status == 200
    await service.admin.execute("update auth.account set password_hash = null")
    assert (await browser.send("/account/deletion")).location == "/account/sign-in"
    assert not await service.admin.fetchval("select count(*) from auth.account")


async def test_fresh_session_is_no_substitute_for_the_password_that_there_is(service: AuthService) -> None:
    person = await service.register()
    for path, body, place in (
        ("/v1/auth/password", NEW, "/current_password"),
        ("/v1/auth/account/deletion", {}, "/password"),
    ):
        reply = await service.post(path, body, person=person)
        assert (reply.status, reply.code) == (403, "wrong_password")
        assert reply.body["errors"] == [{"pointer": place, "detail": "is needed"}]
    assert not await service.admin.fetchval("select count(*) from auth.login_failure")
    assert (await service.try_login(person.email, PASSWORD)).status == 200


@pytest.mark.parametrize(
    ("password", "rule"),
    [
        pytest.param("short", "too_short", id="short"),
        pytest.param("x" * 129, "too_long", id="long"),
        pytest.param("P4ssw0rd!", "common", id="common"),
        pytest.param("adaexample1", "context", id="made of the address"),
        pytest.param("C0lonnade!", "context", id="made of the product's name"),
    ],
)
async def test_rule_that_a_password_breaks_is_told_in_every_place(
    service: AuthService, person: Person, password: str, rule: str
) -> None:
    """A form can say it in its own words: by `rule`, or by the place and its text."""
    set_first = await service.post("/v1/auth/password", {"new_password": password}, person=person)
    registered = await service.post("/v1/auth/register", {"email": "ada@example.com", "password": password})
    other = await service.register("ida@example.net")
    body = {"current_password": PASSWORD, "new_password": password.replace("ada", "ida")}
    changed = await service.post("/v1/auth/password", body, person=other)
    for reply, pointer in ((set_first, "/new_password"), (registered, "/password"), (changed, "/new_password")):
        assert (reply.status, reply.code, reply.body["rule"]) == (422, "weak_password", rule)
        assert reply.body["errors"][0]["pointer"] == pointer
        assert reply.body["errors"][0]["detail"] in reply.body["detail"]


async def test_words_of_the_operator_are_refused_too(service: AuthService) -> None:
    """PASSWORD_WORDS is set to Acme in the tests' environment."""
    reply = await service.post("/v1/auth/register", {"email": "ada@example.org", "password": "4cm3-2026!"})
    assert reply.body["rule"] == "context"
