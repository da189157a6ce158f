"""A change of address that somebody asked for, and that another got ahead of: by a new password, or by the mailbox."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import pytest

from auth_service.mail.outbox import Outbox
from auth_service.sealing import Sealer
from shared.settings import Secret
from tests.integration.auth_service.administrators import delete, make_admin, path_of, put
from tests.integration.auth_service.mailing import BY_LINK, CHANGE, CONFIRM, LINK, Mailing
from tests.integration.auth_service.people import PASSWORD, Gateway, Person
from tests.integration.auth_service.test_email_change import NEW, OLD, address_of, ask
from tests.integration.auth_service.world import environment, until_blocked
from tests.stores import DatabaseUrls

OFFER = "Confirm your new email address"


async def end(post: Mailing, person: Person, how: str) -> None:
    """Get ahead of whoever had a session or the password until now."""
    if how == "reset":
        reply = await post.reset((await post.reset_link(person.email)).token)
    elif how == "password":
        body = {"current_password": PASSWORD, "new_password": "a new password"}
        reply = await post.service.post("/v1/auth/password", body, person=person)
    elif how == "void":
        reply = await delete(post.service, await make_admin(post.service), path_of(person, "/password"))
    else:
        reply = await post.service.post(BY_LINK, {"token": (await post.link(LINK, person.email, "sign in")).token})
    assert reply.status in (200, 204), reply


@asynccontextmanager
async def offers_wait(post: Mailing) -> AsyncIterator[None]:
    """Let no address be offered meanwhile, and all of them after."""
    await post.settled()
    await post.service.admin.execute(
        """
        create function auth.put_off() returns trigger language plpgsql as
            'begin new.due_at := now() + interval ''1 hour''; return new; end';
        create trigger put_off before insert on auth.job for each row when (new.kind = 'mail_request')
            execute function auth.put_off();
        """
    )
    yield
    await post.service.admin.execute("drop function auth.put_off cascade; update auth.job set due_at = now()")
    await post.settled()


@pytest.mark.parametrize(
    ("how", "verified"), [("reset", True), ("reset", False), ("password", True), ("void", True), ("mailbox", False)]
)
async def test_link_to_a_new_address_is_dead_once_somebody_gets_ahead(
    post: Mailing, how: str, *, verified: bool
) -> None:
    """A13, A14: whoever had a session or the password, or made the account, doesn't take it by the link afterwards."""
    person = await post.service.register(OLD)
    if verified:
        await post.verify(person)
    await ask(post, person)
    token = (await post.server.mail_to(NEW, OFFER)).token
    await end(post, person, how)
    reply = await post.service.post(CONFIRM, {"token": token})
    assert (reply.status, reply.code) == (422, "invalid_link")
    assert await address_of(post, person) == OLD


@pytest.mark.parametrize("how", ["password", "void"])
async def test_wish_that_waits_is_void_too(post: Mailing, how: str) -> None:
    """A13: the link isn't there yet when the password changes, and never comes to be."""
    person, admin = await post.service.register(OLD), await make_admin(post.service)
    async with offers_wait(post):
        await ask(post, person)
        if how == "password":
            await end(post, person, how)
        else:
            assert (await delete(post.service, admin, path_of(person, "/password"))).status == 204
    assert not post.server.to(NEW)


async def shut_out(post: Mailing, owner: Person, thief: Person, how: str) -> None:
    """End the thief's session, in one of the ways of somebody who doesn't trust it."""
    service = post.service
    if how in ("others", "all"):
        reply = await service.post("/v1/auth/logout", {"scope": how}, person=owner)
    elif how == "list":
        reply = await service.call("DELETE", f"/v1/auth/sessions/{thief.session_id}", person=owner)
    elif how == "administrator":
        reply = await delete(service, await make_admin(service), path_of(thief, f"/sessions/{thief.session_id}"))
    elif how == "administrator, all":
        reply = await delete(service, await make_admin(service), path_of(owner, "/sessions"))
    elif how == "ban":
        reply = await put(service, await make_admin(service), path_of(owner, "/ban"), {"reason": "stolen"})
    else:
        await service.refresh((await service.refresh(thief.refresh_token)).body["refresh_token"])
        reply = await service.refresh(thief.refresh_token)
        assert reply.code == "session_revoked"
        return
    assert reply.status in (200, 204), reply


SHUT_OUT = ["others", "all", "list", "administrator", "administrator, all", "ban", "reuse"]


@pytest.mark.parametrize("how", SHUT_OUT)
async def test_link_that_a_thief_asked_for_is_dead_once_they_are_shut_out(post: Mailing, how: str) -> None:
    """A13: a stolen session and the password have a change wait; its owner ends the session before it is confirmed."""
    owner = await post.service.register(OLD)
    thief = await post.service.login(owner)
    await ask(post, thief)
    token = (await post.server.mail_to(NEW, OFFER)).token
    await shut_out(post, owner, thief, how)
    reply = await post.service.post(CONFIRM, {"token": token})
    assert (reply.status, reply.code) == (422, "invalid_link")
    assert await address_of(post, owner) == OLD


@pytest.mark.parametrize("how", ["others", "ban"])
async def test_wish_of_a_thief_that_waits_is_void_too(post: Mailing, how: str) -> None:
    """A13: as above, before the link is made."""
    owner = await post.service.register(OLD)
    thief = await post.service.login(owner)
    async with offers_wait(post):
        await ask(post, thief)
        await shut_out(post, owner, thief, how)
    assert not post.server.to(NEW)


async def test_change_outlives_the_session_that_asked_and_was_signed_out(post: Mailing) -> None:
    """Asked for at a machine of others, confirmed on one's phone."""
    owner = await post.service.register(OLD)
    here = await post.service.login(owner)
    await ask(post, here)
    token = (await post.server.mail_to(NEW, OFFER)).token
    assert (await post.service.post("/v1/auth/logout", person=here)).status == 204
    assert (await post.service.post(CONFIRM, {"token": token})).status == 204
    assert await address_of(post, owner) == NEW


@pytest.mark.parametrize("how", ["reset", "mailbox"])
async def test_wish_that_waits_is_void_once_the_mailbox_speaks(post: Mailing, how: str) -> None:
    """A14: as above, where the owner comes by a link that they have asked for before."""
    person = await post.service.register(OLD)
    mail = await (post.reset_link(OLD) if how == "reset" else post.link(LINK, OLD, "sign in"))
    async with offers_wait(post):
        await ask(post, person)
        reply = await (post.reset(mail.token) if how == "reset" else post.service.post(BY_LINK, {"token": mail.token}))
        assert reply.status in (200, 204), reply
    assert not post.server.to(NEW)


async def test_wish_that_waits_is_fulfilled_where_nothing_changed(post: Mailing) -> None:
    person = await post.service.register(OLD)
    async with offers_wait(post):
        await ask(post, person, password=None)
    assert await post.server.mail_to(NEW, OFFER)


class EarlierRequest(msgspec.Struct):
    """A wish as the release before stored it."""

    wish: str
    email_key: str
    challenge: str
    user_id: UUID
    email: str


async def test_wish_of_the_release_before_is_understood(
    post: Mailing, auth_database: DatabaseUrls, gateway: Gateway
) -> None:
    person = await post.service.register(OLD)
    outbox = Outbox(Sealer(Secret(environment(auth_database, gateway)["KEY_ENCRYPTION_KEY"])))
    earlier = EarlierRequest("email_change", NEW, "", person.user_id, NEW)
    await outbox.add(post.service.admin, "mail_request", earlier, datetime.now(UTC) + timedelta(hours=1))
    assert await post.server.mail_to(NEW, OFFER)


@pytest.mark.parametrize("password", [PASSWORD, None])
async def test_wish_of_somebody_whose_proof_is_void_by_now_is_refused(post: Mailing, password: str | None) -> None:
    """A24: the password changes between its proof and the wish."""
    person = await post.service.register(OLD)
    await post.settled()
    async with post.service.admin.transaction():
        await post.service.admin.execute("update auth.account set password_changed_at = now()")
        body = {"email": NEW} | ({"password": password} if password else {})
        asking = asyncio.ensure_future(post.service.post(CHANGE, body, person=person))
        await until_blocked(post.service)
    reply = await asking
    assert (reply.status, reply.code) == (403, "wrong_password")
    assert not await post.service.admin.fetchval("select count(*) from auth.job where kind = 'mail_request'")


async def test_confirming_waits_for_whoever_has_the_account_and_is_refused_then(post: Mailing) -> None:
    """A24: it takes the account before the link, as all do who void links: nobody waits for each other."""
    person = await post.service.register(OLD)
    await ask(post, person)
    token = (await post.server.mail_to(NEW, OFFER)).token
    await post.settled()
    async with post.service.admin.transaction():
        await post.service.admin.execute("update auth.account set password_changed_at = now()")
        confirming = asyncio.ensure_future(post.service.post(CONFIRM, {"token": token}))
        await until_blocked(post.service)
        await post.service.admin.execute("delete from auth.one_time_token where purpose = 'email_change'")
    assert (await confirming).code == "invalid_link"
    assert await address_of(post, person) == OLD
