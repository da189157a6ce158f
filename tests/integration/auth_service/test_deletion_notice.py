"""Whose account is gone is told by mail: there is no page left to see it on."""

from tests.integration.auth_service.administrators import delete, make_admin, path_of
from tests.integration.auth_service.mailing import Mailing
from tests.integration.auth_service.people import PASSWORD, Person, Reply
from tests.integration.auth_service.test_email_change import NEW, OLD, change

DELETION = "/v1/auth/account/deletion"
DELETED = "Your account was deleted"
BY_ADMINISTRATOR = "An administrator deleted"


async def delete_own(post: Mailing, person: Person, password: str = PASSWORD) -> Reply:
    return await post.service.post(DELETION, {"password": password}, person=person)


async def test_deletion_is_told_at_the_address_that_the_account_had(post: Mailing) -> None:
    person = await post.service.register()
    assert (await delete_own(post, person)).status == 204
    mail = await post.server.mail_to(person.email, DELETED)
    assert "https://people.example was deleted" in mail.text
    assert BY_ADMINISTRATOR not in mail.text
    await post.settled()
    assert len(post.server.to(person.email, DELETED)) == 1


async def test_deletion_is_told_in_the_language_of_the_account(post: Mailing) -> None:
    person = await post.service.register()
    await post.service.call("PATCH", "/v1/auth/mail-settings", {"language": "de"}, person=person)
    await delete_own(post, person)
    assert await post.server.mail_to(person.email, "Dein Konto wurde gelöscht")


async def test_deletion_by_an_administrator_is_told_as_such(post: Mailing) -> None:
    admin, person = await make_admin(post.service), await post.service.register()
    assert (await delete(post.service, admin, path_of(person))).status == 204
    mail = await post.server.mail_to(person.email, DELETED)
    assert BY_ADMINISTRATOR in mail.text
    assert BY_ADMINISTRATOR in mail.html
    assert admin.email not in mail.raw.decode()


async def test_refused_deletion_is_not_told(post: Mailing) -> None:
    """The mail is ordered in the transaction of the deletion."""
    person, last = await post.service.register(), await make_admin(post.service)
    assert (await delete_own(post, person, "wrong password")).code == "wrong_password"
    assert (await delete_own(post, last)).code == "last_administrator"
    await post.settled()
    assert not [mail for mail in post.server.mails if DELETED in mail.subject]


async def test_thief_who_changed_the_address_deletes_nothing_in_secret(post: Mailing) -> None:
    person = await post.service.register(OLD)
    await change(post, person)
    await delete_own(post, person)
    for address in (NEW, OLD):
        assert await post.server.mail_to(address, DELETED)


async def test_address_that_the_account_had_long_ago_is_told_nothing(post: Mailing) -> None:
    person = await post.service.register(OLD)
    await change(post, person)
    await post.service.admin.execute("update auth.one_time_token set expires_at = now()")
    await delete_own(post, person)
    await post.server.mail_to(NEW, DELETED)
    await post.settled()
    assert not post.server.to(OLD, DELETED)


async def test_strangers_flood_nobody_by_registering_their_address_and_deleting_that(post: Mailing) -> None:
    """Five mails an hour, of both kinds together."""
    for _ in range(4):
        await delete_own(post, await post.service.register(OLD))
    await post.settled()
    assert len(post.server.to(OLD)) == 5


async def test_verified_address_is_told_however_many_mails_others_had_sent_there(post: Mailing) -> None:
    person = await post.service.register(OLD)
    await post.verify(person)
    await post.service.admin.execute("update auth.mail_count set mails = 5")
    await delete_own(post, person)
    assert await post.server.mail_to(OLD, DELETED)


async def test_nothing_readable_of_the_deleted_account_waits_for_the_mail_server(post: Mailing) -> None:
    """What is stored of the mail is sealed, and goes when it has been sent."""
    post.server.refuses_recipient = "450 later"
    person = await post.service.register()
    await delete_own(post, person)
    jobs = await post.service.admin.fetch("select payload, expires_at - created_at as life from auth.job")
    assert jobs
    assert not any(part in each["payload"] for each in jobs for part in (b"person-", b"example", person.user_id.bytes))
    assert max(each["life"].days for each in jobs) <= 3
    post.server.refuses_recipient = ""
