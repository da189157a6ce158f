"""Where a second factor is required, mails open the same door as passwords, and tell of what was added."""

from collections.abc import AsyncIterator

import pytest

from tests.integration.auth_service.enrolling import enrol_app, enrolled, owed
from tests.integration.auth_service.mailing import BY_CODE, BY_LINK, CODE, LINK, NEW_PASSWORD, VERIFY, Mailing, mailing
from tests.integration.auth_service.people import PASSWORD, STRANGER, Gateway
from tests.stores import DatabaseUrls

ADA = "ada@example.org"


@pytest.fixture
async def strictly(auth_database: DatabaseUrls, gateway: Gateway) -> AsyncIterator[Mailing]:
    async with mailing(auth_database, gateway, AUTH_SECOND_FACTOR="required") as world:
        yield world


async def register(world: Mailing) -> str:
    """Make an account without a factor, and return the token that adds one."""
    return owed(await world.service.post("/v1/auth/register", {"email": ADA, "password": PASSWORD}))


async def test_mailed_code_and_link_are_one_factor_of_two(strictly: Mailing) -> None:
    await register(strictly)
    challenge = (await strictly.ask(CODE, ADA)).body["challenge"]
    code = (await strictly.server.mail_to(ADA, "sign-in code")).code
    body = {"email": ADA, "challenge": challenge, "code": code}
    owed(await strictly.service.post(BY_CODE, body))
    token = (await strictly.link(LINK, ADA, "sign in")).token
    done = await enrol_app(strictly.service, owed(await strictly.service.post(BY_LINK, {"token": token})))
    assert done.reply.body.keys() >= {"access_token", "refresh_token", "recovery_codes"}


async def test_new_password_opens_nothing_by_itself(strictly: Mailing) -> None:
    """A reset keeps the factors that there are, and lets nobody in who has none."""
    await register(strictly)
    assert (await strictly.reset((await strictly.reset_link(ADA)).token)).status == 204
    await enrol_app(strictly.service, owed(await strictly.service.try_login(ADA, NEW_PASSWORD)))
    assert (await strictly.reset((await strictly.reset_link(ADA)).token, PASSWORD)).status == 204
    assert (await strictly.service.try_login(ADA)).code == "second_factor_required"


async def test_owner_is_told_of_a_factor_that_somebody_else_added(strictly: Mailing) -> None:
    """Whoever has stolen the password of a person without a factor can add one: they learn of it, and can undo it."""
    await register(strictly)
    token = (await strictly.server.mail_to(ADA, "Confirm your email address")).token
    assert (await strictly.service.post(VERIFY, {"token": token})).status == 204
    await enrol_app(strictly.service, owed(await strictly.service.try_login(ADA)))
    assert "authenticator app" in (await strictly.server.mail_to(ADA, "A way to sign in was added")).text


async def test_address_is_verified_first_where_that_is_required_too(
    auth_database: DatabaseUrls, gateway: Gateway
) -> None:
    both = {"AUTH_SECOND_FACTOR": "required", "AUTH_EMAIL_VERIFICATION": "required"}
    async with mailing(auth_database, gateway, **both) as world:
        reply = await world.service.post("/v1/auth/register", {"email": ADA, "password": PASSWORD})
        assert reply.status == 202
        mail = await world.server.mail_to(ADA, "Confirm your email address")
        assert (await world.service.try_login(ADA)).code == "email_not_verified"
        assert (await world.service.post(VERIFY, {"token": mail.token})).status == 204
        await enrol_app(world.service, owed(await world.service.try_login(ADA)))


async def test_strangers_sign_in_is_told_of_only_once_it_is_one(strictly: Mailing) -> None:
    """A11: whoever has the password alone makes no device known."""
    await enrolled(strictly.service)
    assert (await strictly.service.try_login(ADA, device=STRANGER)).code == "second_factor_required"
    assert await strictly.service.admin.fetchval("select count(*) from auth.known_device") == 1
