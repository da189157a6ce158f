"""The owner of the old address takes the account back, and from whoever changed it every way to come again."""

import json

from tests.authenticator import Authenticator
from tests.integration.auth_service.factor_people import (
    FACTORS,
    add_passkey,
    add_totp,
    audit,
    forget_codes,
    passkey_sign_in,
)
from tests.integration.auth_service.mailing import NEW_PASSWORD, UNDO, Mailing
from tests.integration.auth_service.people import Person
from tests.integration.auth_service.test_email_change import OLD, change

ORIGIN = "https://people.example"


async def link_identity(post: Mailing, person: Person, subject: str = "thief") -> None:
    await post.service.admin.execute(
        """
        insert into auth.federated_identity (identity_id, user_id, provider, issuer, subject)
        values (gen_random_uuid(), $1, 'x', 'https://x.example', $2)
        """,
        person.user_id,
        subject,
    )


async def age_all(post: Mailing, interval: str) -> None:
    """Let all ways to sign in be that much older."""
    for table, column in (
        *(("passkey", "created_at"), ("totp", "created_at"), ("totp", "confirmed_at")),
        *(("recovery_code", "created_at"), ("federated_identity", "linked_at")),
    ):
        await post.service.admin.execute(f"update auth.{table} set {column} = {column} - interval '{interval}'")


async def left(post: Mailing) -> dict[str, int]:
    tables = ("passkey", "totp", "recovery_code", "federated_identity")
    return {each: await post.service.admin.fetchval(f"select count(*) from auth.{each}") for each in tables}


async def take_back(post: Mailing) -> str:
    """Undo the change, and return what the mail says that comes for it."""
    undo = await post.server.mail_to(OLD, "Your email address was changed")
    reply = await post.service.post(UNDO, {"token": undo.token})
    assert reply.status == 204, reply
    mail = await post.server.mail_to(OLD, "Your account has its old address again")
    assert (await post.reset(mail.token)).status == 204
    return mail.text


async def test_ways_in_that_came_with_the_thief_go_with_them(post: Mailing) -> None:
    """A stolen session added a passkey, an app and an identity, and an address: none of them opens the account."""
    person, key = await post.service.register(OLD), Authenticator(origin=ORIGIN)
    await add_totp(post.service, person)
    await add_passkey(post.service, person, key)
    await link_identity(post, person)
    await age_all(post, "23 hours")
    await change(post, person)
    text = await take_back(post)
    assert await left(post) == {"passkey": 0, "totp": 0, "recovery_code": 0, "federated_identity": 0}
    assert (await passkey_sign_in(post.service, key)).code == "passkey_refused"
    assert (await post.service.try_login(OLD, NEW_PASSWORD)).status == 200  # and nobody asks for the thief's app
    (entry,) = await audit(post.service, "email_change_undone")
    assert json.loads(entry["details"]) == {"factors": "2", "identities": "1"}
    assert "second factors: 2, linked accounts: 1" in text


async def test_what_the_owner_had_long_before_stays(post: Mailing) -> None:
    person, key = await post.service.register(OLD), Authenticator(origin=ORIGIN)
    codes = (await add_totp(post.service, person)).recovery_codes
    await add_passkey(post.service, person, key)
    await link_identity(post, person, "owner")
    await age_all(post, "25 hours")
    await change(post, person)
    text = await take_back(post)
    assert await left(post) == {"passkey": 1, "totp": 1, "recovery_code": len(codes), "federated_identity": 1}
    assert (await passkey_sign_in(post.service, key)).status == 200
    assert "linked accounts" not in text


async def test_recovery_codes_that_the_thief_made_go_and_the_owners_factors_stay(post: Mailing) -> None:
    person = await post.service.register(OLD)
    await add_totp(post.service, person)
    await age_all(post, "25 hours")
    await forget_codes(post.service)
    assert (await post.service.post(f"{FACTORS}/recovery-codes", person=person)).status == 200
    await change(post, person)
    await take_back(post)
    assert await left(post) == {"passkey": 0, "totp": 1, "recovery_code": 0, "federated_identity": 0}


async def test_app_counts_from_when_it_was_confirmed(post: Mailing) -> None:
    """Else whoever enrols one early and confirms it late keeps it."""
    person = await post.service.register(OLD)
    await add_totp(post.service, person)
    await post.service.admin.execute("update auth.totp set created_at = created_at - interval '25 hours'")
    await change(post, person)
    await take_back(post)
    assert (await left(post))["totp"] == 0
