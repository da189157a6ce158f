from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie

import pytest

from shared.credentials import session_in_cookie
from tests.authenticator import Authenticator
from tests.integration.auth_service.factor_people import (
    FACTORS,
    STEP_UP,
    add_passkey,
    age,
    audit,
    code_of,
    finish,
    forget_codes,
    pending,
    two_factored,
    wrong_code,
)
from tests.integration.auth_service.people import PASSWORD, Json, Person, claims_of
from tests.integration.auth_service.world import AuthService


async def allowed(service: AuthService, person: Person) -> bool:
    """Tell whether the session may do what is sensitive."""
    reply = await service.post(f"{FACTORS}/passkeys/options", person=person)
    assert reply.code in (None, "insufficient_user_authentication")
    return reply.status == 200


async def test_password_renews_the_session_of_an_account_with_nothing_else(service: AuthService) -> None:
    person = await service.register()
    await age(service, person)
    assert not await allowed(service, person)
    reply = await service.post(STEP_UP, {"password": PASSWORD}, person=person)
    assert (reply.status, reply.body["token_type"], reply.headers["Cache-Control"]) == (200, "Bearer", "no-store")
    assert reply.body.keys() == {"access_token", "expires_in", "token_type"}
    before, after = person.claims, claims_of(reply.body)
    assert after["sid"] == before["sid"]
    assert (after["amr"], after["acr"]) == (["pwd"], "aal1")
    assert after["auth_time"] >= before["auth_time"]
    assert await allowed(service, person)
    [entry] = await audit(service, "stepped_up")
    assert (entry["user_id"], entry["session_id"]) == (person.user_id, person.session_id)


async def test_password_isnt_enough_where_there_is_a_second_factor(service: AuthService) -> None:
    """A19: who has stolen a session and knows the password gets no further."""
    somebody = await two_factored(service)
    await age(service, somebody.person)
    reply = await service.post(STEP_UP, {"password": PASSWORD}, person=somebody.person)
    assert (reply.status, reply.code) == (401, "insufficient_user_authentication")
    assert not await allowed(service, somebody.person)


async def test_password_alone_doesnt_renew_what_two_factors_proved(service: AuthService) -> None:
    """A19: `auth_time` tells when all of `acr` was proved (RFC 9470), and its factors are gone by now."""
    somebody = await two_factored(service)
    assert (await service.call("DELETE", f"{FACTORS}/totp", person=somebody.person)).status == 204
    reply = await service.post(STEP_UP, {"password": PASSWORD}, person=somebody.person)
    assert (claims_of(reply.body)["amr"], claims_of(reply.body)["acr"]) == (["pwd"], "aal1")
    renewed = await service.refresh(somebody.person.refresh_token)
    assert claims_of(renewed.body)["acr"] == "aal1"


async def test_code_renews_and_raises_a_session_of_before(service: AuthService) -> None:
    """It began by the password alone, before there was a second factor."""
    person = await service.register()
    old = await service.login(person)
    somebody = await two_factored_by(service, person)
    assert not await allowed(service, old)
    reply = await service.post(STEP_UP, {"code": code_of(somebody)}, person=old)
    claims = claims_of(reply.body)
    assert (claims["sid"], claims["amr"], claims["acr"]) == (str(old.session_id), ["pwd", "otp", "mfa"], "aal2")
    assert await allowed(service, old)
    renewed = await service.refresh(old.refresh_token)
    assert claims_of(renewed.body)["acr"] == "aal2"


async def two_factored_by(service: AuthService, person: Person) -> str:
    secret: str = (await service.post(f"{FACTORS}/totp", person=person)).body["secret"]
    confirmed = await service.post(f"{FACTORS}/totp/confirmation", {"code": code_of(secret, -1)}, person=person)
    assert confirmed.status == 200
    return secret


async def test_passkey_and_recovery_code_step_up_too(service: AuthService) -> None:
    person, key = await service.register(), Authenticator(verifies=False)
    codes = (await add_passkey(service, person, key))["recovery_codes"]
    await age(service, person)
    options = (await service.post(f"{STEP_UP}/passkey", person=person)).body["options"]
    assert [each["transports"] for each in options["allowCredentials"]] == [["usb", "internal"]]
    reply = await service.post(STEP_UP, {"passkey": key.get(options)}, person=person)
    assert reply.status == 200, reply
    assert await allowed(service, person)
    await age(service, person)
    assert (await service.post(STEP_UP, {"recovery_code": codes[0]}, person=person)).status == 200
    assert await allowed(service, person)
    await age(service, person)
    assert (await service.post(STEP_UP, {"recovery_code": codes[0]}, person=person)).code == "wrong_second_factor"
    assert not await allowed(service, person)


async def test_step_up_of_one_session_raises_no_other(service: AuthService) -> None:
    somebody = await two_factored(service)
    reply = await finish(service, await pending(service, somebody.person), code=code_of(somebody.secret))
    other = Person(somebody.person.email, reply.body)
    await age(service, somebody.person)
    await age(service, other)
    await forget_codes(service)
    assert (await service.post(STEP_UP, {"code": code_of(somebody.secret)}, person=other)).status == 200
    assert await allowed(service, other)
    assert not await allowed(service, somebody.person)


async def test_browsers_session_is_renewed_and_gateways_are_told(service: AuthService) -> None:
    """Their caches say whom a cookie stands for: they have to ask again."""
    somebody = await two_factored(service)
    reply = await finish(
        service, await pending(service, somebody.person, kind="browser"), code=code_of(somebody.secret)
    )
    cookie = SimpleCookie(reply.headers["Set-Cookie"])["session"].value
    browser = await service.holder("browser_session", cookie)
    await service.admin.execute("update auth.session set authenticated_at = now() - interval '1 hour', amr = '{pwd}'")
    await forget_codes(service)
    reply = await service.post(STEP_UP, {"code": code_of(somebody.secret)}, person=browser)
    assert (reply.status, reply.body) == (200, {})
    renewed = SimpleCookie(reply.headers["Set-Cookie"])["session"].value
    for each in (cookie, renewed):
        told = await service.verify("browser_session", each)
        assert told is not None
        assert told["acr"] == "aal2"
    events = await service.events("session_stepped_up")
    assert events == [(str(session_in_cookie(cookie)), {"user_id": str(somebody.person.user_id)})] * 2


async def test_step_up_replaces_the_cookie(service: AuthService) -> None:
    """The one before is good for half a minute, as its answer may be lost or cross others; its session goes on."""
    person = await service.register()
    credentials = {"email": person.email, "password": PASSWORD, "session": "browser"}
    reply = await service.post("/v1/auth/login", credentials)
    cookie = SimpleCookie(reply.headers["Set-Cookie"])["session"].value
    browser = await service.holder("browser_session", cookie)
    reply = await service.post(STEP_UP, {"password": PASSWORD}, person=browser)
    renewed = SimpleCookie(reply.headers["Set-Cookie"])["session"].value
    assert (renewed != cookie, session_in_cookie(renewed)) == (True, session_in_cookie(cookie))
    told = await service.verify("browser_session", cookie)
    assert told is not None
    assert datetime.fromisoformat(told["expires_at"]) <= datetime.now(UTC) + timedelta(seconds=30)
    await service.admin.execute("update auth.session set replaced_at = now() - interval '30 seconds'")
    assert await service.verify("browser_session", cookie) is None
    assert await service.verify("browser_session", renewed) is not None


async def test_token_of_a_step_up_confirms_nothing_that_may_be_lost(service: AuthService) -> None:
    """A4: the next generation's answer was lost, and its client goes on with the token before."""
    person = await service.register()
    await service.confirm(person.tokens)
    assert (await service.refresh(person.refresh_token)).status == 200  # and never arrives
    reply = await service.post(STEP_UP, {"password": PASSWORD}, person=person)
    assert claims_of(reply.body)["gen"] == 1
    await service.confirm(reply.body)
    await service.let_time_pass(person.session_id, "1 hour")
    assert (await service.refresh(person.refresh_token)).status == 200


@pytest.mark.parametrize("body", [{}, {"password": PASSWORD, "code": "123456"}, {"code": "1", "recovery_code": "x"}])
async def test_one_proof_is_shown(service: AuthService, body: dict[str, str]) -> None:
    person = await service.register()
    assert (await service.post(STEP_UP, body, person=person)).code == "malformed_body"


async def test_wrong_proofs_change_nothing(service: AuthService) -> None:
    person = await service.register()
    await age(service, person)
    assert (await service.post(STEP_UP, {"password": "wrong password"}, person=person)).code == "wrong_password"
    assert (await service.post(STEP_UP, {"code": "123456"}, person=person)).code == "wrong_second_factor"
    assert not await allowed(service, person)
    somebody = await two_factored(service)
    await age(service, somebody.person)
    reply = await service.post(STEP_UP, {"code": wrong_code(somebody.secret)}, person=somebody.person)
    assert reply.code == "wrong_second_factor"
    assert not await allowed(service, somebody.person)


async def test_session_that_is_over_isnt_renewed(service: AuthService) -> None:
    """Its access token may be good for a moment yet."""
    person = await service.register()
    await service.post("/v1/auth/logout", person=person)
    reply = await service.post(STEP_UP, {"password": PASSWORD}, person=person)
    assert (reply.status, reply.headers["WWW-Authenticate"]) == (401, 'Bearer error="invalid_token"')


@pytest.mark.parametrize(("what", "age"), [("last_used_at", "31 days"), ("created_at", "91 days")])
async def test_session_past_its_limits_isnt_renewed(service: AuthService, what: str, age: str) -> None:
    """Thirty days without use and ninety in all: nobody has to end it for that."""
    person = await service.register()
    await service.admin.execute(f"update auth.session set {what} = now() - interval '{age}'")
    reply = await service.post(STEP_UP, {"password": PASSWORD}, person=person)
    assert (reply.status, reply.code) == (401, "unauthenticated")


async def test_api_key_has_nothing_to_step_up(service: AuthService) -> None:
    person = await service.register()
    made = await service.post("/v1/auth/api-keys", {"name": "k", "scopes": ["full"]}, person=person)
    key = await service.holder("api_key", made.body["key"])
    assert (await service.post(STEP_UP, {"password": PASSWORD}, person=key)).code == "session_required"
    assert (await service.call("GET", FACTORS, person=key)).code == "session_required"


async def test_api_key_is_made_by_a_fresh_session_alone(service: AuthService) -> None:
    """It outlives the session, and a thief of that must not get one."""
    person = await service.register()
    await age(service, person)
    wish = {"name": "k", "scopes": ["full"]}
    assert (await service.post("/v1/auth/api-keys", wish, person=person)).code == "insufficient_user_authentication"
    await service.post(STEP_UP, {"password": PASSWORD}, person=person)
    assert (await service.post("/v1/auth/api-keys", wish, person=person)).status == 201


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/v1/auth/account/deletion", {"password": PASSWORD}, 204),
        ("/v1/auth/password", {"current_password": PASSWORD, "new_password": "another horse battery"}, 204),
        ("/v1/auth/email", {"email": "new@example.org", "password": PASSWORD}, 202),
    ],
    ids=["deletion", "password", "address"],
)
async def test_second_factor_is_asked_for_beside_the_password(
    service: AuthService, path: str, body: Json, status: int
) -> None:
    """A19: the password and a session of long ago, or of one factor, aren't enough."""
    somebody = await two_factored(service)
    await age(service, somebody.person)
    refused = await service.post(path, body, person=somebody.person)
    assert refused.code == "insufficient_user_authentication"
    assert (await service.post(STEP_UP, {"code": code_of(somebody.secret)}, person=somebody.person)).status == 200
    assert (await service.post(path, body, person=somebody.person)).status == status
    plain = await service.register()
    await age(service, plain)
    assert (await service.post(path, body, person=plain)).status == status
