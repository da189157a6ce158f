import asyncio
from collections import Counter

import pytest

from tests.integration.auth_service.mailing import BY_CODE, BY_LINK, CODE, LINK, Mailing
from tests.integration.auth_service.people import STRANGER, Person
from tests.integration.auth_service.world import is_live


async def test_code_signs_in_once(post: Mailing) -> None:
    person = await post.service.register("ada@example.org")
    challenge = (await post.ask(CODE, person.email)).body["challenge"]
    mail = await post.server.mail_to(person.email, "sign-in code")
    body = {"email": person.email, "challenge": challenge, "code": mail.code}
    replies = await asyncio.gather(*(post.service.post(BY_CODE, body) for _ in range(5)))
    assert Counter(reply.status for reply in replies) == {200: 1, 401: 4}
    (signed_in,) = [reply for reply in replies if reply.status == 200]
    assert signed_in.body["user_id"] == str(person.user_id)
    assert signed_in.headers["Cache-Control"] == "no-store"
    assert {reply.code for reply in replies if reply.status == 401} == {"invalid_mail_code"}


async def test_code_is_good_only_for_whoever_asked_for_it(post: Mailing) -> None:
    """A code that is read over a shoulder, or asked for by somebody else, is good in no other window."""
    person = await post.service.register()
    challenge = (await post.ask(CODE, person.email)).body["challenge"]
    code = (await post.server.mail_to(person.email, "sign-in code")).code
    foreign = (await post.ask(CODE, "nobody@example.org")).body["challenge"]
    body = {"email": person.email, "challenge": foreign, "code": code}
    assert (await post.service.post(BY_CODE, body)).code == "invalid_mail_code"
    tidy = code.replace(" ", "-")
    assert (await post.service.post(BY_CODE, body | {"challenge": challenge, "code": tidy})).status == 200


async def test_code_of_one_account_opens_no_other(post: Mailing) -> None:
    one, other = await post.service.register(), await post.service.register()
    challenge = (await post.ask(CODE, one.email)).body["challenge"]
    code = (await post.server.mail_to(one.email, "sign-in code")).code
    body = {"email": other.email, "challenge": challenge, "code": code}
    assert (await post.service.post(BY_CODE, body)).code == "invalid_mail_code"


@pytest.mark.parametrize("named", ["other@example.org", "nobody@example.org"])
async def test_code_that_is_guessed_under_another_address_is_not_spent(post: Mailing, named: str) -> None:
    """A10, A14: the guess counts against that address, so a hit does nothing but what a miss does."""
    person, _ = await post.service.register("ada@example.org"), await post.service.register("other@example.org")
    challenge = (await post.ask(CODE, person.email)).body["challenge"]
    code = (await post.server.mail_to(person.email, "sign-in code")).code
    body = {"email": named, "challenge": challenge, "code": code}
    assert (await post.service.post(BY_CODE, body)).code == "invalid_mail_code"
    assert not await post.service.admin.fetchval("select count(email_verified_at) from auth.account")
    assert await is_live(post.service, person)
    assert (await post.service.post(BY_CODE, body | {"email": person.email})).status == 200


async def test_guessed_codes_and_passwords_share_one_counter(post: Mailing) -> None:
    """A10: parallel guesses by several routes."""
    person = await post.service.register()
    challenge = (await post.ask(CODE, person.email)).body["challenge"]
    body = {"email": person.email, "challenge": challenge, "code": "00000000"}
    calls = [post.service.call("POST", BY_CODE, body, device=STRANGER) for _ in range(15)]
    calls += [post.service.try_login(person.email, "wrong password", STRANGER) for _ in range(15)]
    statuses = Counter(reply.status for reply in await asyncio.gather(*calls))
    assert statuses == {401: 10, 429: 20}


async def test_code_is_dead_after_ten_minutes(post: Mailing) -> None:
    person = await post.service.register()
    reply = await post.ask(CODE, person.email)
    assert reply.body["expires_in"] == 600
    code = (await post.server.mail_to(person.email, "sign-in code")).code
    await post.service.admin.execute("update auth.one_time_token set expires_at = expires_at - interval '10 minutes'")
    body = {"email": person.email, "challenge": reply.body["challenge"], "code": code}
    assert (await post.service.post(BY_CODE, body)).code == "invalid_mail_code"


async def test_link_signs_in_once(post: Mailing) -> None:
    person = await post.service.register()
    mail = await post.link(LINK, person.email, "sign in")
    assert mail.link.startswith("https://people.example/account/sign-in/link?token=")
    calls = [post.service.post(BY_LINK, {"token": mail.token}) for _ in range(5)]
    replies = await asyncio.gather(*calls)
    assert Counter(reply.status for reply in replies) == {200: 1, 422: 4}
    assert await post.service.admin.fetchval("select email_verified_at from auth.account") is not None


async def test_browser_that_follows_a_link_gets_its_cookie(post: Mailing) -> None:
    person = await post.service.register()
    mail = await post.link(LINK, person.email, "sign in")
    reply = await post.service.post(BY_LINK, {"token": mail.token, "session": "browser"})
    assert reply.body == {"user_id": str(person.user_id)}
    assert "HttpOnly" in reply.headers["Set-Cookie"]


async def test_who_first_gets_in_by_mail_sheds_what_the_maker_of_the_account_left_behind(post: Mailing) -> None:
    """A14: somebody registers another's address, and waits for its owner to come."""
    intruder = await post.service.register("ada@example.org")
    mail = await post.link(LINK, intruder.email, "sign in")
    reply = await post.service.post(BY_LINK, {"token": mail.token})
    assert reply.status == 200
    assert (await post.service.refresh(intruder.refresh_token)).body["reason"] == "address_proved"
    assert (await post.service.try_login(intruder.email)).code == "invalid_credentials"
    assert await is_live(post.service, Person(intruder.email, reply.body))


async def test_verified_owner_keeps_the_password_beside_mailed_links(post: Mailing) -> None:
    person = await post.service.register()
    await post.verify(person)
    mail = await post.link(LINK, person.email, "sign in")
    assert (await post.service.post(BY_LINK, {"token": mail.token})).status == 200
    assert (await post.service.try_login(person.email)).status == 200
    assert await is_live(post.service, person)


async def test_sessions_tell_that_they_came_by_mail(post: Mailing) -> None:
    person = await post.service.register()
    mail = await post.link(LINK, person.email, "sign in")
    reply = await post.service.post(BY_LINK, {"token": mail.token})
    rows = await post.service.admin.fetch("select amr from auth.session order by created_at")
    assert [row["amr"] for row in rows] == [["pwd"], ["email"]]
    assert reply.body["token_type"] == "Bearer"
