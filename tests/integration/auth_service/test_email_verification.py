"""AUTH_EMAIL_VERIFICATION, optional and required."""

from collections.abc import AsyncIterator

import pytest

from tests.integration.auth_service.mailing import BY_LINK, CHANGE, FORGOT, LINK, RESEND, VERIFY, Mailing, mailing, told
from tests.integration.auth_service.people import HOME, PASSWORD, Gateway, Person, Reply
from tests.stores import DatabaseUrls
from tests.waiting import eventually

REGISTER = "/v1/auth/register"
ADA = "ada@example.org"


@pytest.fixture
async def strict(auth_database: DatabaseUrls, gateway: Gateway) -> AsyncIterator[Mailing]:
    async with mailing(auth_database, gateway, AUTH_EMAIL_VERIFICATION="required") as world:
        yield world


async def register(world: Mailing, email: str = ADA, password: str = PASSWORD) -> Reply:
    return await world.service.post(REGISTER, {"email": email, "password": password})


async def test_registered_person_is_mailed_a_link_that_verifies_once(post: Mailing) -> None:
    person = await post.service.register(ADA)
    email = await post.service.call("GET", "/v1/auth/email", person=person)
    assert email.body == {"email": ADA, "verified": False}
    mail = await post.server.mail_to(ADA, "Confirm your email address")
    assert mail.link.startswith("https://people.example/account/verify?token=")
    assert (await post.service.post(VERIFY, {"token": mail.token})).status == 204
    assert (await post.service.post(VERIFY, {"token": mail.token})).code == "invalid_link"
    email = await post.service.call("GET", "/v1/auth/email", person=person)
    assert email.body == {"email": ADA, "verified": True}


async def test_link_is_mailed_again_until_the_address_is_verified(post: Mailing) -> None:
    person = await post.service.register(ADA)
    await post.server.mail_to(ADA, "Confirm your email address")
    mail = await post.link(RESEND, ADA, "Confirm")
    assert (await post.service.post(VERIFY, {"token": mail.token})).status == 204
    await post.ask(RESEND, ADA)
    await post.settled()
    assert len(post.server.to(person.email)) == 2


async def test_nobody_is_let_in_before_their_address_is_verified(strict: Mailing) -> None:
    reply = await register(strict)
    assert (reply.status, reply.body) == (202, {"expires_in": 86400})
    mail = await strict.server.mail_to(ADA, "Confirm your email address")
    refused = await strict.service.try_login(ADA)
    assert (refused.status, refused.code) == (403, "email_not_verified")
    assert (await strict.service.try_login(ADA, "wrong password")).code == "invalid_credentials"
    assert await strict.service.admin.fetchval("select count(*) from auth.session") == 0
    assert (await strict.service.post(VERIFY, {"token": mail.token})).status == 204
    assert (await strict.service.try_login(ADA)).status == 200
    assert len(await strict.service.events("user_registered")) == 1


async def test_registering_tells_the_same_of_a_taken_address_and_its_owner_is_told(strict: Mailing) -> None:
    """A9: status, body and headers; and nothing of the account changes."""
    first = await register(strict)
    await strict.server.mail_to(ADA, "Confirm")
    second = await register(strict, password="a thief's password")
    assert told(second) == told(first)
    mail = await strict.server.mail_to(ADA, "You already have an account")
    assert "a thief" not in mail.text
    assert (await strict.service.try_login(ADA, "a thief's password")).code == "invalid_credentials"
    assert await strict.service.admin.fetchval("select count(*) from auth.account") == 1


async def test_owner_is_told_of_a_registration_with_an_address_that_can_still_be_changed_back_to(
    strict: Mailing,
) -> None:
    """No account has it, and none gets it: without a mail, nobody would ever hear of it."""
    await register(strict)
    await strict.server.mail_to(ADA, "Confirm your email address")
    await strict.reserve_address()
    assert (await register(strict)).status == 202
    assert await strict.server.mail_to(ADA, "You already have an account")
    assert await strict.service.admin.fetchval("select count(*) from auth.account") == 1


async def test_registering_does_the_same_for_every_address_before_it_is_answered(strict: Mailing) -> None:
    """A9: all that the answer waits for is one sealed job, in the same length of bytes."""
    await register(strict)
    await strict.settled()
    await strict.service.admin.execute(
        """
        create table public.asked (length integer);
        create function public.note() returns trigger language plpgsql security definer as
            $$ begin insert into public.asked values (octet_length(new.payload)); return new; end $$;
        create trigger note after insert on auth.job for each row when (new.kind = 'registration')
            execute function public.note();
        """
    )
    await register(strict)
    await register(strict, "eve@example.org")
    lengths = [row["length"] for row in await strict.service.admin.fetch("select length from public.asked")]
    assert len(lengths) == 2
    assert len(set(lengths)) == 1


async def test_fifty_registrations_of_one_address_make_one_account_and_few_mails(strict: Mailing) -> None:
    """A24, and nobody's mailbox is flooded."""
    for _ in range(50):
        assert (await register(strict)).status == 202
    await strict.settled()
    assert await strict.service.admin.fetchval("select count(*) from auth.account") == 1
    assert len(strict.server.mails) == 5


async def test_signing_in_by_a_mailed_link_verifies_the_address(strict: Mailing) -> None:
    await register(strict)
    await strict.server.mail_to(ADA, "Confirm")
    mail = await strict.link(LINK, ADA, "sign in")
    reply = await strict.service.post(BY_LINK, {"token": mail.token})
    seen = await strict.service.call("GET", CHANGE, person=Person(ADA, reply.body))
    assert seen.body == {"email": ADA, "verified": True}


async def test_account_is_written_to_in_the_language_of_its_registration(post: Mailing) -> None:
    headers = post.service.gateway.headers(None, HOME) | {"Accept-Language": "fr, de-CH;q=0.9, en;q=0.8"}
    body = {"email": ADA, "password": PASSWORD}
    async with post.service.public.post(REGISTER, json=body, headers=headers) as response:
        assert response.status == 201
    mail = await post.server.mail_to(ADA, "Bestätige deine E-Mail-Adresse")
    assert "Adresse bestätigen" in mail.html
    assert '<html lang="de">' in mail.html
    assert await eventually(lambda: post.service.admin.fetchval("select language = 'de' from auth.account"))


async def test_person_changes_their_language_and_what_they_are_told(post: Mailing) -> None:
    person = await post.service.register(ADA)
    settings = "/v1/auth/mail-settings"
    assert (await post.service.call("GET", settings, person=person)).body == {
        "language": "en",
        "new_device_notice": True,
    }
    reply = await post.service.call("PATCH", settings, {"language": "de"}, person=person)
    assert reply.body == {"language": "de", "new_device_notice": True}
    reply = await post.service.call("PATCH", settings, {"new_device_notice": False}, person=person)
    assert reply.body == {"language": "de", "new_device_notice": False}
    reply = await post.service.call("PATCH", settings, {"language": "tlh"}, person=person)
    assert (reply.status, reply.code) == (400, "malformed_body")
    mail = await post.link(FORGOT, ADA, "neues Passwort")
    assert mail.link
