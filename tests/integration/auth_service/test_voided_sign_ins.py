"""A sign-in that waits for its second factor, which somebody else may have begun: it ends with what its owner does."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.integration.auth_service.enrolling import begin_app, confirm_app, enrol_app, owed, strict
from tests.integration.auth_service.factor_people import code_of, finish, pending, two_factored
from tests.integration.auth_service.mailing import CONFIRM, UNDO, Mailing
from tests.integration.auth_service.people import Gateway
from tests.integration.auth_service.test_email_change import NEW, OLD, ask, change
from tests.integration.auth_service.test_pending_changes import OFFER, SHUT_OUT, shut_out
from tests.integration.auth_service.world import AuthService, until_blocked
from tests.stores import DatabaseUrls

VOID = (401, "invalid_pending_sign_in")


@pytest.fixture
async def strictly(auth_database: DatabaseUrls, gateway: Gateway) -> AsyncIterator[AuthService]:
    async with strict(auth_database, gateway) as service:
        yield service


async def began(strictly: AuthService, email: str) -> tuple[str, str]:
    """Sign in as far as a password leads; return what waits, and the secret of an app that isn't confirmed yet."""
    token = owed(await strictly.try_login(email))
    return token, (await begin_app(strictly, token)).body["secret"]


async def assert_void(strictly: AuthService, token: str, secret: str) -> None:
    for reply in (await confirm_app(strictly, token, code_of(secret)), await begin_app(strictly, token)):
        assert (reply.status, reply.code) == VOID
    assert not await strictly.admin.fetchval("select count(*) from auth.totp where confirmed_at is not null")


@pytest.mark.parametrize("how", SHUT_OUT)
async def test_sign_in_that_waits_is_void_once_a_thief_is_shut_out(
    post: Mailing, strictly: AuthService, how: str
) -> None:
    """A13: who began it with a stolen password adds no factor of their own ten minutes later."""
    owner, bystander = await post.service.register(OLD), await post.service.register()
    thief = await post.service.login(owner)
    token, secret = await began(strictly, OLD)
    other, _ = await began(strictly, bystander.email)
    await shut_out(post, owner, thief, how)
    await assert_void(strictly, token, secret)
    await enrol_app(strictly, other)


async def test_one_that_only_has_to_show_its_factor_is_void_too(service: AuthService) -> None:
    somebody = await two_factored(service)
    token = await pending(service, somebody.person)
    reply = await service.post("/v1/auth/logout", {"scope": "all"}, person=somebody.person)
    assert reply.status == 204
    refused = await finish(service, token, code=code_of(somebody.secret))
    assert (refused.status, refused.code) == VOID


async def test_it_outlives_a_session_that_was_signed_out(service: AuthService, strictly: AuthService) -> None:
    """On one device of one's own, while another is waiting."""
    person = await service.register()
    token, secret = await began(strictly, person.email)
    assert (await service.post("/v1/auth/logout", person=person)).status == 204
    assert (await confirm_app(strictly, token, code_of(secret))).status == 200


@pytest.mark.parametrize("undone", [False, True])
async def test_changed_address_voids_it(post: Mailing, strictly: AuthService, *, undone: bool) -> None:
    """A13: it may have begun by a mail to the one before. So does the way back."""
    person = await post.service.register(OLD)
    if undone:
        await change(post, person)
        link = (await post.server.mail_to(OLD, "Your email address was changed")).token
        token, secret = await began(strictly, NEW)
        reply = await post.service.post(UNDO, {"token": link})
    else:
        await ask(post, person)
        link = (await post.server.mail_to(NEW, OFFER)).token
        token, secret = await began(strictly, OLD)
        reply = await post.service.post(CONFIRM, {"token": link})
    assert reply.status == 204, reply
    await assert_void(strictly, token, secret)


async def test_adding_a_factor_waits_for_whoever_voids_it(strictly: AuthService, service: AuthService) -> None:
    """A24: it takes the account before what waits, as they do: nobody waits for each other."""
    person = await service.register()
    token, secret = await began(strictly, person.email)
    async with service.admin.transaction():
        await service.admin.execute("select from auth.account for no key update")
        adding = asyncio.ensure_future(confirm_app(strictly, token, code_of(secret)))
        await until_blocked(service)
        await service.admin.execute("delete from auth.pending_sign_in")
    assert (await adding).code == VOID[1]
    await assert_void(strictly, token, secret)
