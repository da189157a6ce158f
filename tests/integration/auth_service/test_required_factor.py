"""AUTH_SECOND_FACTOR: who has to have a second factor adds one as they sign in, and has no session before."""

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator
from http.cookies import SimpleCookie

import pytest

from tests.authenticator import Authenticator
from tests.integration.auth_service.administrators import delete, make_admin, path_of
from tests.integration.auth_service.enrolling import (
    ENROLMENT,
    begin_app,
    confirm_app,
    enrol_app,
    enrol_passkey,
    enrolled,
    owed,
    strict,
)
from tests.integration.auth_service.factor_people import (
    FACTORS,
    add_passkey,
    audit,
    code_of,
    finish,
    passkey_sign_in,
    pending,
    wrong_code,
)
from tests.integration.auth_service.people import PASSWORD, STRANGER, Gateway, Json, Person
from tests.integration.auth_service.world import AuthService, running
from tests.stores import DatabaseUrls

ADA = {"email": "ada@example.org", "password": PASSWORD}


@pytest.fixture
async def strictly(auth_database: DatabaseUrls, gateway: Gateway) -> AsyncIterator[AuthService]:
    async with strict(auth_database, gateway) as service:
        yield service


async def test_password_alone_lets_nobody_in_until_an_app_is_added(strictly: AuthService, service: AuthService) -> None:
    """And then without signing in again, at aal2."""
    person = await service.register()
    assert (await strictly.try_login(person.email, "wrong password")).code == "invalid_credentials"  # A8
    token = owed(await strictly.try_login(person.email))
    assert await service.admin.fetchval("select count(*) from auth.session") == 1  # of before
    done = await enrol_app(strictly, token)
    assert len(done.reply.body["recovery_codes"]) == 10
    inside = Person(person.email, done.reply.body)
    assert (inside.claims["amr"], inside.claims["acr"]) == (["pwd", "otp", "mfa"], "aal2")
    told = (await strictly.call("GET", FACTORS, person=inside)).body
    assert (told["second_factor"], told["required"], told["recovery_codes_left"]) == (True, True, 10)
    assert (await strictly.refresh(inside.refresh_token)).status == 200
    await pending(strictly, person)  # from now on it is asked for


async def test_newcomer_adds_a_factor_before_the_first_session(strictly: AuthService) -> None:
    token = owed(await strictly.post("/v1/auth/register", ADA))
    assert await strictly.admin.fetchval("select count(*) from auth.session") == 0
    done = await enrol_app(strictly, token)
    [asked] = await audit(strictly, "second_factor_enrolment_asked")
    [added] = await audit(strictly, "factor_added")
    inside = Person("", done.reply.body)
    assert asked["user_id"] == inside.user_id
    assert (added["session_id"], '"at": "sign_in"' in added["details"]) == (inside.session_id, True)
    assert (await strictly.post("/v1/auth/register", ADA)).code == "email_taken"
    assert await strictly.admin.fetchval("select count(*) from auth.known_device") == 1
    assert (await strictly.try_login(ADA["email"], device=STRANGER)).code == "second_factor_required"
    assert await strictly.admin.fetchval("select count(*) from auth.known_device") == 1  # A11


@pytest.mark.parametrize("verifies", [True, False])
async def test_passkey_is_as_good(strictly: AuthService, *, verifies: bool) -> None:
    key = Authenticator(verifies=verifies)
    reply = await enrol_passkey(strictly, owed(await strictly.post("/v1/auth/register", ADA)), key)
    assert reply.status == 200, reply
    inside = Person("", reply.body)
    assert (inside.claims["amr"], inside.claims["acr"]) == (["pwd", "hwk", "user", "mfa"], "aal2")
    assert len(reply.body["recovery_codes"]) == 10
    alone = await passkey_sign_in(strictly, key)
    assert alone.status == (200 if verifies else 403)


async def test_browser_gets_the_cookie_that_it_asked_for(strictly: AuthService) -> None:
    done = await enrol_app(strictly, owed(await strictly.post("/v1/auth/register", ADA | {"session": "browser"})))
    assert done.reply.body.keys() == {"user_id", "recovery_codes"}
    told = await strictly.verify("browser_session", SimpleCookie(done.reply.headers["Set-Cookie"])["session"].value)
    assert told is not None
    assert told["acr"] == "aal2"


async def test_stolen_password_adds_nothing_beside_a_factor_that_there_is(strictly: AuthService) -> None:
    """A19: the token of a sign-in that asks for a factor is none to add one with."""
    person, secret = await enrolled(strictly)
    key, token = Authenticator(), await pending(strictly, person)
    assert (await begin_app(strictly, token)).code == "invalid_pending_sign_in"
    body = {"pending_sign_in": token}
    assert (await strictly.post(f"{ENROLMENT}/passkeys/options", body)).code == "invalid_pending_sign_in"
    options = (await strictly.post(f"{FACTORS}/passkeys/options", person=person)).body["options"]
    offer = body | {"name": "Eve's", "credential": key.create(options)}
    assert (await strictly.post(f"{ENROLMENT}/passkeys", offer)).code == "passkey_refused"
    assert (await confirm_app(strictly, token, code_of(secret))).code == "not_found"
    assert (await finish(strictly, token, code=code_of(secret, 1))).status == 200


async def test_first_to_add_a_factor_locks_the_others_out(strictly: AuthService, service: AuthService) -> None:
    """Both know the password: whoever is second is asked for the first one's factor."""
    person = await service.register()
    tokens = [owed(await strictly.try_login(person.email)) for _ in range(2)]
    key = Authenticator()
    options = (await strictly.post(f"{ENROLMENT}/passkeys/options", {"pending_sign_in": tokens[1]})).body["options"]
    offer = {"pending_sign_in": tokens[1], "name": "Eve's", "credential": key.create(options)}
    await enrol_app(strictly, tokens[0])
    assert (await strictly.post(f"{ENROLMENT}/passkeys", offer)).code == "invalid_pending_sign_in"
    assert (await strictly.try_login(person.email)).code == "second_factor_required"
    assert await service.admin.fetchval("select count(*) from auth.passkey") == 0


async def test_it_is_finished_once(strictly: AuthService) -> None:
    """A19: also by many at the same time."""
    token = owed(await strictly.post("/v1/auth/register", ADA))
    secret = (await begin_app(strictly, token)).body["secret"]
    replies = await asyncio.gather(*(confirm_app(strictly, token, code_of(secret)) for _ in range(4)))
    assert Counter(reply.status for reply in replies)[200] == 1, replies
    assert await strictly.admin.fetchval("select count(*) from auth.session") == 1
    await strictly.admin.execute("delete from auth.totp")  # as an administrator resets it
    assert (await begin_app(strictly, token)).code == "invalid_pending_sign_in"


async def test_token_is_good_in_its_network_for_five_guesses_and_ten_minutes(strictly: AuthService) -> None:
    token = owed(await strictly.post("/v1/auth/register", ADA))
    secret = (await begin_app(strictly, token)).body["secret"]
    assert (await begin_app(strictly, token, STRANGER)).code == "invalid_pending_sign_in"
    assert (await confirm_app(strictly, token, code_of(secret), STRANGER)).code == "invalid_pending_sign_in"
    for _ in range(5):
        assert (await confirm_app(strictly, token, wrong_code(secret))).code == "wrong_second_factor"
    assert (await confirm_app(strictly, token, code_of(secret))).code == "invalid_pending_sign_in"
    again = owed(await strictly.try_login(ADA["email"]))
    await strictly.admin.execute("update auth.pending_sign_in set expires_at = now()")
    assert (await begin_app(strictly, again)).code == "invalid_pending_sign_in"


async def test_changed_password_voids_it(strictly: AuthService, service: AuthService) -> None:
    """A13"""
    person = await service.register()
    token = owed(await strictly.try_login(person.email))
    change = {"current_password": PASSWORD, "new_password": "a new password"}
    assert (await service.post("/v1/auth/password", change, person=person)).status == 204
    assert (await begin_app(strictly, token)).code == "invalid_pending_sign_in"


async def test_banned_person_adds_nothing(strictly: AuthService) -> None:
    token = owed(await strictly.post("/v1/auth/register", ADA))
    secret = (await begin_app(strictly, token)).body["secret"]
    await strictly.admin.execute("update auth.account set banned_at = now(), ban_reason = 'spam'")
    assert (await confirm_app(strictly, token, code_of(secret))).code == "account_banned"
    assert await strictly.admin.fetchval("select confirmed_at from auth.totp") is None


async def test_last_factor_stays(strictly: AuthService, service: AuthService) -> None:
    person, _ = await enrolled(strictly)
    reply = await strictly.call("DELETE", f"{FACTORS}/totp", person=person)
    assert (reply.status, reply.code) == (409, "last_second_factor")
    passkey = (await add_passkey(strictly, person, Authenticator()))["passkey"]["id"]
    assert (await strictly.call("DELETE", f"{FACTORS}/totp", person=person)).status == 204
    reply = await strictly.call("DELETE", f"{FACTORS}/passkeys/{passkey}", person=person)
    assert (reply.status, reply.code) == (409, "last_second_factor")
    assert (await service.call("DELETE", f"{FACTORS}/passkeys/{passkey}", person=person)).status == 204  # not required


async def test_reset_by_an_administrator_asks_for_another(strictly: AuthService, service: AuthService) -> None:
    person, _ = await enrolled(strictly)
    reset = await delete(service, await make_admin(service), path_of(person, "/factors"))
    assert reset.status == 204
    again = await enrol_app(strictly, owed(await strictly.try_login(person.email)))
    assert Person(person.email, again.reply.body).claims["acr"] == "aal2"


async def test_administrators_alone_can_be_asked(
    auth_database: DatabaseUrls, gateway: Gateway, service: AuthService
) -> None:
    async with strict(auth_database, gateway, "administrators") as world:
        person, other = await world.register(), await world.register()
        await service.admin.execute("update auth.account set roles = '{admin}' where user_id = $1", person.user_id)
        await enrol_app(world, owed(await world.try_login(person.email)))
        assert (await world.refresh(person.refresh_token)).body["reason"] == "second_factor_required"
        assert (await world.try_login(other.email)).status == 200
        told = (await world.call("GET", FACTORS, person=other)).body
        assert (told["second_factor"], told["required"]) == (False, False)


async def test_address_is_verified_first_where_that_is_required_too(
    auth_database: DatabaseUrls, gateway: Gateway, service: AuthService
) -> None:
    person = await service.register()
    both = {"AUTH_SECOND_FACTOR": "required", "AUTH_EMAIL_VERIFICATION": "required"}
    async with running(auth_database, gateway, SMTP_URL="smtp+plain://127.0.0.1:9", **both) as world:
        assert (await world.try_login(person.email)).code == "email_not_verified"
        await service.admin.execute("update auth.account set email_verified_at = now()")
        owed(await world.try_login(person.email))


async def test_invented_token_is_refused(strictly: AuthService) -> None:
    credential = {"id": "a", "rawId": "a", "response": {"clientDataJSON": "a", "attestationObject": "a"}}
    steps: dict[str, Json] = {
        "totp": {},
        "totp/confirmation": {"code": "123456"},
        "passkeys/options": {},
        "passkeys": {"name": "a", "credential": credential},
    }
    for token, (path, more) in itertools.product(("", "x", "colp_" + "0" * 49, "é"), steps.items()):
        reply = await strictly.post(f"{ENROLMENT}/{path}", {"pending_sign_in": token} | more)
        assert (reply.status, reply.code) == (401, "invalid_pending_sign_in"), path
