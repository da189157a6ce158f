import asyncio
from collections import Counter

import pytest

from tests.integration.auth_service.mailing import BY_LINK, CHANGE, CONFIRM, FORGOT, LINK, UNDO, Mailing, told
from tests.integration.auth_service.people import PASSWORD, Person
from tests.integration.auth_service.world import is_live
from tests.waiting import eventually

OLD, NEW = "old@example.org", "new@example.org"


async def ask(post: Mailing, person: Person, email: str = NEW, password: str | None = PASSWORD) -> None:
    body = {"email": email} | ({"password": password} if password is not None else {})
    reply = await post.service.post(CHANGE, body, person=person)
    assert reply.status == 202, reply


async def change(post: Mailing, person: Person, email: str = NEW) -> None:
    """Change the address all the way."""
    await ask(post, person, email)
    mail = await post.server.mail_to(email, "Confirm your new email address")
    reply = await post.service.post(CONFIRM, {"token": mail.token})
    assert reply.status == 204, reply


async def address_of(post: Mailing, person: Person) -> str:
    return str(await post.service.admin.fetchval("select email from auth.account where user_id = $1", person.user_id))


async def test_new_address_counts_once_it_is_confirmed(post: Mailing) -> None:
    person = await post.service.register(OLD)
    await ask(post, person)
    mail = await post.server.mail_to(NEW, "Confirm your new email address")
    assert mail.link.startswith("https://people.example/account/email/confirm?token=")
    assert await address_of(post, person) == OLD
    replies = await asyncio.gather(*(post.service.post(CONFIRM, {"token": mail.token}) for _ in range(5)))
    assert Counter(reply.status for reply in replies) == {204: 1, 422: 4}
    email = await post.service.call("GET", CHANGE, person=person)
    assert email.body == {"email": NEW, "verified": True}
    assert (await post.service.try_login(NEW)).status == 200
    assert (await post.service.try_login(OLD)).status == 401
    told_old = await post.server.mail_to(OLD, "Your email address was changed")
    assert NEW in told_old.text


async def test_links_that_were_mailed_to_the_old_address_are_dead(post: Mailing) -> None:
    """A13: for an old address."""
    person = await post.service.register(OLD)
    reset, sign_in = await post.reset_link(OLD), await post.link(LINK, OLD, "sign in")
    await change(post, person)
    assert (await post.reset(reset.token)).code == "invalid_link"
    assert (await post.service.post(BY_LINK, {"token": sign_in.token})).code == "invalid_link"


async def test_change_needs_the_password_or_a_fresh_session(post: Mailing) -> None:
    person = await post.service.register(OLD)
    wrong = await post.service.post(CHANGE, {"email": NEW, "password": "wrong password"}, person=person)
    assert (wrong.status, wrong.code) == (403, "wrong_password")
    await ask(post, person, password=None)  # signed in a moment ago
    await post.service.admin.execute("update auth.session set authenticated_at = now() - interval '11 minutes'")
    reply = await post.service.post(CHANGE, {"email": NEW}, person=person)
    assert (reply.status, reply.code) == (401, "insufficient_user_authentication")
    assert (await post.service.post(CHANGE, {"email": "nope"}, person=person)).code == "invalid_email"


async def test_account_cannot_be_used_to_write_to_many_strangers(post: Mailing) -> None:
    person = await post.service.register(OLD)
    for number in range(5):
        await ask(post, person, f"stranger-{number}@example.org")
    reply = await post.service.post(CHANGE, {"email": NEW, "password": PASSWORD}, person=person)
    assert (reply.status, reply.code) == (429, "too_many_mails")
    assert reply.headers["Retry-After"] == "3600"


async def test_every_step_is_written_down(post: Mailing) -> None:
    person = await post.service.register(OLD)
    await post.verify(person)
    await change(post, person)
    undo = await post.server.mail_to(OLD, "was changed")
    await post.service.post(UNDO, {"token": undo.token})
    restored = await post.server.mail_to(OLD, "old address again")
    await post.reset(restored.token)
    rows = await post.service.admin.fetch(
        "select action, details from auth.audit_entry where user_id = $1 order by at, action", person.user_id
    )
    assert [row["action"] for row in rows if row["action"] not in ("registered", "signed_in")] == [
        *("email_verified", "email_change_requested", "email_changed", "email_change_undone", "password_reset"),
    ]
    assert not any("@" in row["details"] for row in rows)


async def test_taken_address_is_not_told_and_its_owner_is(post: Mailing) -> None:
    """A9: nobody who is signed in finds out who else has an account."""
    person, _other = await post.service.register(OLD), await post.service.register("eve@example.org")
    taken = await post.service.post(CHANGE, {"email": "eve@example.org", "password": PASSWORD}, person=person)
    free = await post.service.post(CHANGE, {"email": NEW, "password": PASSWORD}, person=person)
    assert told(taken) == told(free)
    assert await post.server.mail_to("eve@example.org", "You already have an account")


async def test_address_taken_meanwhile_is_decided_by_the_database(post: Mailing) -> None:
    """A24: two accounts confirm the same address at once: one gets it, and nothing of the other's changes."""
    one, other = await post.service.register("one@example.org"), await post.service.register("two@example.org")
    tokens: list[str] = []
    for person in (one, other):
        await ask(post, person)
        await eventually(lambda: _count(post, len(tokens) + 1))
        tokens.append(post.server.to(NEW, "Confirm your new")[-1].token)
    replies = await asyncio.gather(*(post.service.post(CONFIRM, {"token": token}) for token in tokens))
    assert sorted((reply.status, reply.code) for reply in replies) == [(204, None), (409, "email_taken")]
    assert await post.service.admin.fetchval("select count(*) from auth.account where email = $1", NEW) == 1


async def _count(post: Mailing, count: int) -> bool:
    return len(post.server.to(NEW, "Confirm your new")) == count


async def test_old_address_takes_the_account_back(post: Mailing) -> None:
    """A stolen session changed the address: what the thief has is void, and the owner goes on."""
    person = await post.service.register(OLD)
    key = await post.service.post("/v1/auth/api-keys", {"name": "a", "scopes": ["full"]}, person=person)
    await change(post, person)
    mail = await post.server.mail_to(OLD, "Your email address was changed")
    assert mail.link.startswith("https://people.example/account/email/undo?token=")
    replies = await asyncio.gather(*(post.service.post(UNDO, {"token": mail.token}) for _ in range(5)))
    assert Counter(reply.status for reply in replies) == {204: 1, 422: 4}
    assert await address_of(post, person) == OLD
    assert not await is_live(post.service, person)
    assert await post.service.verify("api_key", key.body["key"]) is None
    assert (await post.service.try_login(OLD)).status == 401
    restored = await post.server.mail_to(OLD, "Your account has its old address again")
    assert (await post.reset(restored.token)).status == 204
    assert (await post.service.try_login(OLD, "another horse battery")).status == 200


async def test_first_of_two_changes_can_still_be_undone_after_the_second(post: Mailing) -> None:
    person = await post.service.register(OLD)
    await change(post, person)
    first = await post.server.mail_to(OLD, "was changed")
    await change(post, person, "third@example.org")
    second = await post.server.mail_to(NEW, "was changed")
    assert (await post.service.post(UNDO, {"token": second.token})).status == 204
    assert (await post.service.post(UNDO, {"token": first.token})).status == 204
    assert await address_of(post, person) == OLD


async def test_undoing_the_first_change_leaves_no_way_back_to_the_second(post: Mailing) -> None:
    person = await post.service.register(OLD)
    await change(post, person)
    first = await post.server.mail_to(OLD, "was changed")
    await change(post, person, "third@example.org")
    second = await post.server.mail_to(NEW, "was changed")
    assert (await post.service.post(UNDO, {"token": first.token})).status == 204
    assert (await post.service.post(UNDO, {"token": second.token})).code == "invalid_link"
    assert await address_of(post, person) == OLD


@pytest.mark.parametrize("by", ["registration", "change"])
async def test_old_address_is_kept_free_as_long_as_the_change_can_be_undone(post: Mailing, by: str) -> None:
    """Otherwise a thief would take it with another account, and nobody could go back."""
    person = await post.service.register(OLD)
    await change(post, person)
    if by == "registration":
        reply = await post.service.post("/v1/auth/register", {"email": OLD, "password": PASSWORD})
    else:
        await ask(post, await post.service.register("thief@example.org"), OLD)
        token = (await post.server.mail_to(OLD, "Confirm your new email address")).token
        reply = await post.service.post(CONFIRM, {"token": token})
    assert (reply.status, reply.code) == (409, "email_taken")
    mail = await post.server.mail_to(OLD, "was changed")
    assert (await post.service.post(UNDO, {"token": mail.token})).status == 204


async def test_owner_may_go_back_to_the_old_address_by_themselves(post: Mailing) -> None:
    person = await post.service.register(OLD)
    await change(post, person)
    await change(post, person, OLD)
    assert await address_of(post, person) == OLD


async def test_same_address_written_otherwise_is_no_news(post: Mailing) -> None:
    person = await post.service.register(OLD)
    await change(post, person, "Old@Example.org")
    assert await address_of(post, person) == "Old@Example.org"
    await post.ask(FORGOT, OLD)
    await post.settled()
    assert not post.server.to(OLD, "was changed")
