"""Where a second factor is required, mails open the same door as passwords."""

from collections.abc import AsyncIterator

import pytest

from tests.integration.auth_service.enrolling import enrol_app, owed
from tests.integration.auth_service.mailing import BY_CODE, BY_LINK, CODE, LINK, NEW_PASSWORD, Mailing, mailing
from tests.integration.auth_service.people import PASSWORD, Gateway
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
    """And the owner is told of what was added: whoever has stolen a first factor alone may have done it."""
    await register(strictly)
    challenge = (await strictly.ask(CODE, ADA)).body["challenge"]
    code = (await strictly.server.mail_to(ADA, "sign-in code")).code
    owed(await strictly.service.post(BY_CODE, {"email": ADA, "challenge": challenge, "code": code}))
    token = (await strictly.link(LINK, ADA, "sign in")).token
    done = await enrol_app(strictly.service, owed(await strictly.service.post(BY_LINK, {"token": token})))
    assert done.reply.body.keys() >= {"access_token", "refresh_token", "recovery_codes"}
    assert "authenticator app" in (await strictly.server.mail_to(ADA, "A way to sign in was added")).text


async def test_new_password_opens_nothing_by_itself(strictly: Mailing) -> None:
    await register(strictly)
    assert (await strictly.reset((await strictly.reset_link(ADA)).token)).status == 204
    owed(await strictly.service.try_login(ADA, NEW_PASSWORD))
