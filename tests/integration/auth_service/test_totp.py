import asyncio
from base64 import b32decode
from collections import Counter

import pytest

from tests.integration.auth_service.factor_people import (
    FACTORS,
    FINISH,
    STEP_UP,
    add_totp,
    age,
    audit,
    code_of,
    finish,
    forget_codes,
    pending,
    two_factored,
    wrong_code,
)
from tests.integration.auth_service.people import Json, Person, claims_of
from tests.integration.auth_service.world import AuthService


async def test_password_alone_no_longer_signs_in(service: AuthService) -> None:
    somebody = await two_factored(service)
    reply = await service.try_login(somebody.person.email)
    assert (reply.status, reply.code) == (403, "second_factor_required")
    assert reply.body["factors"] == ["totp", "recovery_code"]
    assert "access_token" not in reply.body
    assert await service.admin.fetchval("select count(*) from auth.session") == 1


async def test_code_finishes_the_sign_in(service: AuthService) -> None:
    somebody = await two_factored(service)
    token = await pending(service, somebody.person)
    reply = await finish(service, token, code=code_of(somebody.secret))
    assert reply.status == 200
    claims = claims_of(reply.body)
    assert (claims["sub"], claims["amr"], claims["acr"]) == (
        str(somebody.person.user_id),
        ["pwd", "otp", "mfa"],
        "aal2",
    )
    assert (await service.refresh(reply.body["refresh_token"])).status == 200


async def test_code_is_good_once(service: AuthService) -> None:
    """A19: replayed, in another sign-in, and for stepping up."""
    somebody = await two_factored(service)
    code = code_of(somebody.secret)
    first, second = await pending(service, somebody.person), await pending(service, somebody.person)
    assert (await finish(service, first, code=code)).status == 200
    assert (await finish(service, second, code=code)).code == "wrong_second_factor"
    assert (await service.post(STEP_UP, {"code": code}, person=somebody.person)).code == "wrong_second_factor"
    earlier = code_of(somebody.secret, -1)
    assert (await finish(service, second, code=earlier)).code == "wrong_second_factor"


async def test_code_that_confirmed_the_app_is_spent(service: AuthService) -> None:
    """A19."""
    somebody = await two_factored(service)
    token = await pending(service, somebody.person)
    assert (await finish(service, token, code=code_of(somebody.secret, -1))).code == "wrong_second_factor"


async def test_of_parallel_uses_of_a_code_one_counts(service: AuthService, replica: AuthService) -> None:
    """A19: eight sign-ins at once over two replicas, all with the right code."""
    somebody = await two_factored(service)
    tokens = [await pending(service, somebody.person) for _ in range(8)]
    code = code_of(somebody.secret)
    uses = [finish((service, replica)[number % 2], token, code=code) for number, token in enumerate(tokens)]
    statuses = Counter(reply.status for reply in await asyncio.gather(*uses))
    assert statuses == {200: 1, 403: 7}


async def test_pending_sign_in_dies_after_five_guesses(service: AuthService) -> None:
    """A19: brute force."""
    somebody = await two_factored(service)
    token, wrong = await pending(service, somebody.person), wrong_code(somebody.secret)
    for _ in range(5):
        assert (await finish(service, token, code=wrong)).code == "wrong_second_factor"
    refused = await finish(service, token, code=code_of(somebody.secret))
    assert (refused.status, refused.code) == (401, "invalid_pending_sign_in")
    assert len(await audit(service, "second_factor_refused")) == 5


async def test_guesses_share_the_accounts_counter(service: AuthService, replica: AuthService) -> None:
    """A10, A19: passwords, codes while signing in, recovery codes and step-up, in parallel."""
    somebody = await two_factored(service)
    tokens = [await pending(service, somebody.person) for _ in range(6)]
    wrong = wrong_code(somebody.secret)
    guesses = [finish((service, replica)[n % 2], token, code=wrong) for n, token in enumerate(tokens * 2)]
    guesses += [finish(service, token, recovery_code="0" * 24) for token in tokens]
    guesses += [service.post(STEP_UP, {"code": wrong}, person=somebody.person) for _ in range(6)]
    guesses += [service.try_login(somebody.person.email, "wrong password") for _ in range(6)]
    statuses = Counter(reply.status for reply in await asyncio.gather(*guesses))
    assert statuses[403] + statuses[401] == 10
    assert statuses[429] == 20
    refused = await finish(service, tokens[0], code=code_of(somebody.secret))
    assert (refused.status, refused.code) == (429, "too_many_attempts")


async def test_app_counts_once_a_code_confirmed_it(service: AuthService) -> None:
    person = await service.register()
    first = (await service.post(f"{FACTORS}/totp", person=person)).body["secret"]
    assert (await service.try_login(person.email)).status == 200
    second = (await service.post(f"{FACTORS}/totp", person=person)).body["secret"]
    assert first != second
    for wrong in (code_of(first), wrong_code(second), "", "x"):
        reply = await service.post(f"{FACTORS}/totp/confirmation", {"code": wrong}, person=person)
        assert (reply.status, reply.code) == (403, "wrong_second_factor")
    reply = await service.post(f"{FACTORS}/totp/confirmation", {"code": code_of(second)}, person=person)
    assert reply.status == 200
    assert reply.headers["Cache-Control"] == "no-store"
    assert len(reply.body["recovery_codes"]) == 10
    again = await service.post(f"{FACTORS}/totp", person=person)
    assert (again.status, again.code) == (409, "factor_exists")
    gone = await service.post(f"{FACTORS}/totp/confirmation", {"code": code_of(second, 1)}, person=person)
    assert gone.status == 404


async def test_confirming_raises_the_session(service: AuthService) -> None:
    """Its owner has just shown both."""
    somebody = await two_factored(service)
    renewed = await service.refresh(somebody.person.refresh_token)
    assert claims_of(renewed.body)["acr"] == "aal2"
    assert (await service.post(f"{FACTORS}/recovery-codes", person=somebody.person)).status == 200


async def test_secret_and_codes_are_not_in_the_database(service: AuthService) -> None:
    somebody = await two_factored(service)
    dump = await service.admin.fetchval(
        """
        select (select string_agg(t::text, ' ') from auth.totp t)
            || (select string_agg(c::text, ' ') from auth.recovery_code c)
            || coalesce((select string_agg(e::text, ' ') from auth.audit_entry e), '')
        """
    )
    assert somebody.secret not in dump
    assert b32decode(somebody.secret).hex() not in dump
    assert not [code for code in somebody.recovery_codes if code in dump or code.replace("-", "") in dump]


async def test_removal_needs_a_fresh_second_factor(service: AuthService) -> None:
    """A19: aal1 on an aal2 route, and aal2 of long ago."""
    somebody = await two_factored(service)
    await age(service, somebody.person)
    for method, path in (
        ("DELETE", f"{FACTORS}/totp"),
        ("POST", f"{FACTORS}/recovery-codes"),
        ("POST", f"{FACTORS}/passkeys/options"),
    ):
        refused = await service.call(method, path, person=somebody.person)
        assert (refused.status, refused.code) == (401, "insufficient_user_authentication")
        assert refused.headers["WWW-Authenticate"] == (
            'Bearer error="insufficient_user_authentication", acr_values="aal2", max_age="600"'
        )
        assert (refused.body["acr_values"], refused.body["max_age"]) == ("aal2", 600)
    await service.admin.execute("update auth.session set amr = '{pwd}', authenticated_at = now()")
    refused = await service.call("DELETE", f"{FACTORS}/totp", person=somebody.person)
    assert refused.code == "insufficient_user_authentication"
    assert (await service.try_login(somebody.person.email)).code == "second_factor_required"


async def test_removing_the_last_factor_turns_it_off(service: AuthService) -> None:
    somebody = await two_factored(service)
    assert (await service.call("DELETE", f"{FACTORS}/totp", person=somebody.person)).status == 204
    assert (await service.try_login(somebody.person.email)).status == 200
    told = (await service.call("GET", FACTORS, person=somebody.person)).body
    assert told == {
        "second_factor": False,
        "required": False,
        "has_password": True,
        "totp": None,
        "passkeys": [],
        "recovery_codes_left": 0,
    }
    assert (await service.call("DELETE", f"{FACTORS}/totp", person=somebody.person)).status == 404
    refused = await service.post(f"{FACTORS}/recovery-codes", person=somebody.person)
    assert (refused.status, refused.code) == (409, "no_second_factor")
    [entry] = await audit(service, "factor_removed")
    assert '"second_factor": "off"' in entry["details"]


async def test_recovery_code_is_good_once(service: AuthService, replica: AuthService) -> None:
    """A19: also in parallel."""
    somebody = await two_factored(service)
    code = somebody.recovery_codes[3]
    tokens = [await pending(service, somebody.person) for _ in range(6)]
    uses = [finish((service, replica)[n % 2], token, recovery_code=code) for n, token in enumerate(tokens)]
    replies = await asyncio.gather(*uses)
    assert Counter(reply.status for reply in replies) == {200: 1, 403: 5}
    [finished] = [reply for reply in replies if reply.status == 200]
    assert claims_of(finished.body)["acr"] == "aal2"
    told = (await service.call("GET", FACTORS, person=somebody.person)).body
    assert told["recovery_codes_left"] == 9
    assert len(await audit(service, "recovery_code_used")) == 1


async def test_new_recovery_codes_void_the_old(service: AuthService) -> None:
    somebody = await two_factored(service)
    reply = await service.post(f"{FACTORS}/recovery-codes", person=somebody.person)
    assert reply.headers["Cache-Control"] == "no-store"
    assert not set(reply.body["recovery_codes"]) & set(somebody.recovery_codes)
    token = await pending(service, somebody.person)
    old = await finish(service, token, recovery_code=somebody.recovery_codes[0])
    assert old.code == "wrong_second_factor"
    new = await finish(service, token, recovery_code=reply.body["recovery_codes"][9].upper())
    assert new.status == 200


async def test_anothers_code_and_recovery_code_are_wrong(service: AuthService) -> None:
    one, other = await two_factored(service), await two_factored(service)
    token = await pending(service, one.person)
    assert (await finish(service, token, code=code_of(other.secret))).code == "wrong_second_factor"
    assert (await finish(service, token, recovery_code=other.recovery_codes[0])).code == "wrong_second_factor"


async def test_lost_sealing_key_is_no_open_door(service: AuthService) -> None:
    """What can't be unsealed is 503, and the other factors still work."""
    somebody = await two_factored(service)
    await service.admin.execute("update auth.totp set secret = '\\x00' || substr(secret, 2)")
    token = await pending(service, somebody.person)
    assert (await finish(service, token, code=code_of(somebody.secret))).status == 503
    assert (await finish(service, token, recovery_code=somebody.recovery_codes[0])).status == 200


@pytest.mark.parametrize(
    "shown",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"code": "123456", "recovery_code": "x"}, id="two"),
        pytest.param({"code": 123456}, id="a number"),
        pytest.param({"code": "1" * 65}, id="too long"),
        pytest.param({"code": "12345\0"}, id="NUL"),
        pytest.param({"password": "x"}, id="a password"),
    ],
)
async def test_malformed_finish_is_refused(service: AuthService, shown: Json) -> None:
    reply = await service.post(FINISH, {"pending_sign_in": "x", **shown})
    assert (reply.status, reply.code) == (400, "malformed_body")


async def test_many_factors_can_be_had_again(service: AuthService) -> None:
    """Removed and added anew: the old secret is void."""
    somebody = await two_factored(service)
    await service.call("DELETE", f"{FACTORS}/totp", person=somebody.person)
    again = await add_totp(service, Person(somebody.person.email, somebody.person.tokens))
    assert len(again.recovery_codes) == 10
    await forget_codes(service)
    token = await pending(service, somebody.person)
    assert (await finish(service, token, code=code_of(somebody.secret))).code == "wrong_second_factor"
    assert (await finish(service, token, code=code_of(again.secret))).status == 200
