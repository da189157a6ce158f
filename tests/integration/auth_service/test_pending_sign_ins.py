import asyncio
from collections import Counter
from http.cookies import SimpleCookie

import pytest

from shared.credentials import session_in_cookie
from tests.integration.auth_service.factor_people import (
    FINISH,
    audit,
    code_of,
    finish,
    forget_codes,
    pending,
    two_factored,
)
from tests.integration.auth_service.people import HOME, PASSWORD, STRANGER, Device
from tests.integration.auth_service.world import AuthService, until_blocked


async def test_pending_sign_in_is_good_once(service: AuthService, replica: AuthService) -> None:
    """A19: also in parallel, each with a factor of its own that is right."""
    somebody = await two_factored(service)
    token = await pending(service, somebody.person)
    uses = [finish((service, replica)[n % 2], token, recovery_code=somebody.recovery_codes[n]) for n in range(4)]
    statuses = Counter(reply.status for reply in await asyncio.gather(*uses))
    assert statuses == {200: 1, 401: 3}
    again = await finish(service, token, code=code_of(somebody.secret))
    assert (again.status, again.code) == (401, "invalid_pending_sign_in")


async def test_pending_sign_in_is_bound_to_the_network(service: AuthService) -> None:
    """Whoever copies the token elsewhere has nothing, and spoils nothing."""
    somebody = await two_factored(service)
    token = await pending(service, somebody.person)
    for _ in range(6):
        refused = await finish(service, token, STRANGER, code=code_of(somebody.secret))
        assert refused.code == "invalid_pending_sign_in"
    neighbour = Device("192.0.2.99", "another browser")
    assert (await finish(service, token, neighbour, code=code_of(somebody.secret))).status == 200


async def test_pending_sign_in_expires(service: AuthService) -> None:
    somebody = await two_factored(service)
    token = await pending(service, somebody.person)
    left = await service.admin.fetchval("select expires_at - now() from auth.pending_sign_in")
    assert 590 < left.total_seconds() <= 600
    await service.admin.execute("update auth.pending_sign_in set expires_at = now()")
    assert (await finish(service, token, code=code_of(somebody.secret))).code == "invalid_pending_sign_in"


async def test_changed_password_voids_it(service: AuthService) -> None:
    """A13: what was proved by the old password is proved no more."""
    somebody = await two_factored(service)
    token = await pending(service, somebody.person)
    change = {"current_password": PASSWORD, "new_password": "a new password"}
    assert (await service.post("/v1/auth/password", change, person=somebody.person)).status == 204
    assert (await finish(service, token, code=code_of(somebody.secret))).code == "invalid_pending_sign_in"


async def test_token_is_stored_as_a_hash(service: AuthService) -> None:
    somebody = await two_factored(service)
    token = await pending(service, somebody.person)
    assert token not in await service.admin.fetchval("select string_agg(p::text, ' ') from auth.pending_sign_in p")


@pytest.mark.parametrize("token", ["", "x", "colp_" + "0" * 49, "é", "x" * 64])
async def test_invented_token_is_refused(service: AuthService, token: str) -> None:
    reply = await finish(service, token, code="123456")
    assert (reply.status, reply.code) == (401, "invalid_pending_sign_in")
    assert (await service.post(f"{FINISH}/passkey", {"pending_sign_in": token})).code == "invalid_pending_sign_in"


async def test_browser_gets_the_cookie_that_it_asked_for_first(service: AuthService) -> None:
    """And the session that the browser had before ends."""
    somebody = await two_factored(service)
    person = somebody.person
    first = await finish(service, await pending(service, person, kind="browser"), code=code_of(somebody.secret))
    assert first.body == {"user_id": str(person.user_id)}
    cookie = SimpleCookie(first.headers["Set-Cookie"])["session"].value
    told = await service.verify("browser_session", cookie)
    assert told is not None
    assert (told["amr"], told["acr"]) == (["pwd", "otp", "mfa"], "aal2")
    await forget_codes(service)
    headers = service.gateway.headers(None, HOME) | {"Cookie": f"session={cookie}"}
    body = {"pending_sign_in": await pending(service, person, kind="browser"), "code": code_of(somebody.secret)}
    async with service.public.post(FINISH, json=body, headers=headers) as response:
        assert response.status == 200
        second = SimpleCookie(response.headers["Set-Cookie"])["session"].value
    assert await service.verify("browser_session", cookie) is None
    assert session_in_cookie(second) != session_in_cookie(cookie)


async def test_token_session_leaves_the_browsers_alone(service: AuthService) -> None:
    somebody = await two_factored(service)
    reply = await finish(
        service, await pending(service, somebody.person, kind="browser"), code=code_of(somebody.secret)
    )
    cookie = SimpleCookie(reply.headers["Set-Cookie"])["session"].value
    headers = service.gateway.headers(None, HOME) | {"Cookie": f"session={cookie}"}
    body = {"pending_sign_in": await pending(service, somebody.person), "code": code_of(somebody.secret, 1)}
    async with service.public.post(FINISH, json=body, headers=headers) as response:
        assert response.status == 200
        assert "Set-Cookie" not in response.headers
    assert await service.verify("browser_session", cookie) is not None


async def test_wrong_password_tells_nothing_of_factors(service: AuthService) -> None:
    """A8: whether an account has a second factor is for who knows the password."""
    somebody = await two_factored(service)
    plain = await service.register()
    replies = [await service.try_login(each.email, "wrong password") for each in (somebody.person, plain)]
    bodies = [{**reply.body, "request_id": ""} for reply in replies]
    assert bodies[0] == bodies[1]
    assert replies[0].code == "invalid_credentials"


async def test_deleting_the_account_takes_everything_along(service: AuthService) -> None:
    somebody = await two_factored(service)
    await pending(service, somebody.person)
    assert (await service.post("/v1/auth/account/deletion", {"password": PASSWORD}, person=somebody.person)).status
    for table in ("totp", "recovery_code", "pending_sign_in"):
        assert await service.admin.fetchval(f"select count(*) from auth.{table}") == 0


async def test_device_is_known_only_once_the_second_factor_was_shown(service: AuthService) -> None:
    """A11: else who has the password alone would get a counter of their own."""
    somebody = await two_factored(service)
    token = await pending(service, somebody.person, STRANGER)
    assert await service.admin.fetchval("select count(*) from auth.known_device") == 1
    assert (await finish(service, token, STRANGER, code=code_of(somebody.secret))).status == 200
    assert await service.admin.fetchval("select count(*) from auth.known_device") == 2
    [entry] = await audit(service, "second_factor_asked")
    assert entry["user_id"] == somebody.person.user_id


async def test_factor_added_while_a_password_is_proved_is_asked_for(service: AuthService) -> None:
    """The account is held while it is asked for: no session slips in beside the change."""
    person = await service.register()
    async with service.admin.transaction():
        await service.admin.execute("select from auth.account for no key update")
        attempt = asyncio.create_task(service.try_login(person.email))
        await until_blocked(service)
        await service.admin.execute(
            "insert into auth.totp (user_id, secret, confirmed_at) values ($1, '', now())", person.user_id
        )
    assert (await attempt).code == "second_factor_required"
