"""Where a second factor is required, sessions that one factor alone began before don't go on."""

from collections.abc import AsyncIterator
from http.cookies import SimpleCookie

import pytest

from tests.authenticator import Authenticator
from tests.integration.auth_service.administrators import USERS, delete, make_admin, path_of
from tests.integration.auth_service.browsing import Browser
from tests.integration.auth_service.enrolling import enrol_app, enrolled, owed, strict
from tests.integration.auth_service.factor_people import STEP_UP, add_passkey, audit, two_factored
from tests.integration.auth_service.people import PASSWORD, Gateway, Person
from tests.integration.auth_service.world import AuthService, is_live
from tests.stores import DatabaseUrls

ADA = {"email": "ada@example.org", "password": PASSWORD}


@pytest.fixture
async def strictly(auth_database: DatabaseUrls, gateway: Gateway) -> AsyncIterator[AuthService]:
    async with strict(auth_database, gateway) as service:
        yield service


async def test_session_of_before_ends_at_its_next_refresh(strictly: AuthService, service: AuthService) -> None:
    """Others go on: those that two factors began."""
    plain, guarded = await service.register(), await two_factored(service)
    ended = await strictly.refresh(plain.refresh_token)
    assert (ended.status, ended.code, ended.body["reason"]) == (401, "session_revoked", "second_factor_required")
    assert (await service.refresh(plain.refresh_token)).code == "session_revoked"
    [(subject, data)] = await service.events("session_revoked")
    assert (subject, data["reason"]) == (str(plain.session_id), "second_factor_required")
    assert (await strictly.refresh(guarded.person.refresh_token)).status == 200
    [entry] = await audit(service, "session_ended")
    assert entry["user_id"] == plain.user_id


async def test_cookie_of_before_is_good_no_more(strictly: AuthService, service: AuthService) -> None:
    reply = await service.post("/v1/auth/register", ADA | {"session": "browser"})
    cookie = SimpleCookie(reply.headers["Set-Cookie"])["session"].value
    assert await service.verify("browser_session", cookie) is not None
    assert await strictly.verify("browser_session", cookie) is None
    assert await service.verify("browser_session", cookie) is None  # it is over


async def test_session_of_before_goes_on_once_a_factor_is_added_in_it(
    strictly: AuthService, service: AuthService
) -> None:
    person = await service.register()
    await add_passkey(strictly, person, Authenticator())
    assert (await strictly.refresh(person.refresh_token)).status == 200


async def test_api_key_is_made_by_two_factors_alone(strictly: AuthService, service: AuthService) -> None:
    """What was made before goes on: it is a program's."""
    body = {"name": "key", "scopes": ["files:read"]}
    person = await service.register()
    made = await service.post("/v1/auth/api-keys", body, person=person)
    refused = await strictly.post("/v1/auth/api-keys", body, person=person)
    assert (refused.status, refused.code) == (401, "insufficient_user_authentication")
    assert refused.body["acr_values"] == "aal2"
    assert await strictly.verify("api_key", made.body["key"]) is not None
    inside, _ = await enrolled(strictly)
    assert (await strictly.post("/v1/auth/api-keys", body, person=inside)).status == 201


@pytest.mark.parametrize("before", ["one factor", "factors were reset"])
async def test_step_up_by_password_does_not_go_round_it(
    strictly: AuthService, service: AuthService, before: str
) -> None:
    """A token session that is never refreshed doesn't live on by it: it ends as at a refresh, with no token."""
    person = await service.register() if before == "one factor" else (await enrolled(strictly))[0]
    await strictly.admin.execute("delete from auth.totp")
    assert (await strictly.post(STEP_UP, {"password": "wrong password"}, person=person)).code == "wrong_password"
    assert await is_live(service, person)
    ended = await strictly.post(STEP_UP, {"password": PASSWORD}, person=person)
    assert (ended.status, ended.code, ended.body["reason"]) == (401, "session_revoked", "second_factor_required")
    assert not await is_live(service, person)
    assert await audit(service, "stepped_up") == []
    [(subject, _)] = await service.events("session_revoked")
    assert subject == str(person.session_id)
    assert (await strictly.refresh(person.refresh_token)).body["reason"] == "second_factor_required"


async def test_page_that_asks_for_the_password_leads_to_sign_in_instead(
    strictly: AuthService, service: AuthService
) -> None:
    """Where a browser's session of two factors has none to show any more."""
    await service.register(ADA["email"])
    there = Browser(service)
    await there.sign_in(ADA["email"])
    await service.admin.execute("update auth.session set amr = '{pwd,otp,mfa}'")  # by a factor that was reset
    here = Browser(strictly, cookies=there.cookies)
    led = await here.send("/account/step-up", "/account/step-up/password", password=PASSWORD)
    assert (led.status, led.location.split("?")[0]) == (303, "/account/sign-in")
    assert "Two factors are required here now" in (await here.follow(led)).text


@pytest.mark.parametrize("whom", ["required", "administrators"])
async def test_administrator_acts_by_two_factors_alone(
    auth_database: DatabaseUrls, gateway: Gateway, service: AuthService, whom: str
) -> None:
    """In the minutes that a token of before lives: changes, imports and the log's export."""
    admin, person = await make_admin(service), await service.register()
    async with strict(auth_database, gateway, whom) as world:
        replies = [
            await delete(world, admin, path_of(person, "/sessions")),
            await world.post(f"{USERS}/import", [{"email": "new@example.org"}], person=admin),
            await world.call("GET", "/v1/admin/audit/export", person=admin),
        ]
        for reply in replies:
            assert (reply.status, reply.code) == (401, "insufficient_user_authentication")
            assert reply.body["acr_values"] == "aal2"
        assert await is_live(service, person)
        done = await enrol_app(world, owed(await world.try_login(admin.email)))
        inside = Person(admin.email, done.reply.body)
        assert (await delete(world, inside, path_of(person, "/sessions"))).status == 204
    assert (await delete(service, admin, path_of(person, "/sessions"))).code == "insufficient_user_authentication"
