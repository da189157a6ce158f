import asyncio
from collections import Counter

import pytest

from tests.integration.auth_service.mailing import FORGOT, NEW_PASSWORD, RESET, Mailing
from tests.integration.auth_service.people import HOME, PASSWORD
from tests.integration.auth_service.world import is_live


async def test_mailed_link_sets_a_new_password_and_signs_everybody_out(post: Mailing) -> None:
    """A13: sessions are revoked, and nobody is signed in by it, so a second factor is still asked for."""
    person = await post.service.register("ada@example.org")
    other = await post.service.login(person)
    mail = await post.reset_link(person.email)
    reply = await post.reset(mail.token)
    assert (reply.status, reply.body) == (204, {})
    assert not await is_live(post.service, person)
    assert not await is_live(post.service, other)
    assert {data["reason"] for _, data in await post.service.events("session_revoked")} == {"password_reset"}
    assert (await post.service.try_login(person.email, PASSWORD)).status == 401
    assert (await post.service.try_login(person.email, NEW_PASSWORD)).status == 200
    assert await post.server.mail_to(person.email, "password was changed")


async def test_link_is_made_of_the_public_url_whatever_the_request_calls_us(post: Mailing) -> None:
    """A12: Host and X-Forwarded-Host never get into a mail."""
    person = await post.service.register("ada@example.org")
    headers = post.service.gateway.headers(None, HOME)
    hostile = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"}
    async with post.service.public.post(FORGOT, json={"email": person.email}, headers=headers | hostile) as response:
        assert response.status == 202
    mail = await post.server.mail_to(person.email, "new password")
    assert mail.link.startswith("https://people.example/account/reset?token=colt_")
    assert b"evil" not in mail.raw
    assert str(mail.message["Message-ID"]).endswith("@people.example>")


async def test_link_is_good_once_however_many_use_it(post: Mailing) -> None:
    """A13: used twice, and by twenty at once."""
    person = await post.service.register()
    token = (await post.reset_link(person.email)).token
    replies = await asyncio.gather(*(post.reset(token, f"password number {number}") for number in range(20)))
    assert Counter(reply.status for reply in replies) == {204: 1, 422: 19}
    winner = next(number for number, reply in enumerate(replies) if reply.status == 204)
    assert (await post.service.try_login(person.email, f"password number {winner}")).status == 200
    again = await post.reset(token)
    assert (again.status, again.code) == (422, "invalid_link")


async def test_one_reset_spends_every_link_that_lets_somebody_in(post: Mailing) -> None:
    person = await post.service.register()
    first, second = await post.reset_link(person.email), await post.reset_link(person.email)
    assert (await post.reset(second.token)).status == 204
    assert (await post.reset(first.token)).code == "invalid_link"


async def test_expired_link_is_refused(post: Mailing) -> None:
    """A13: expired, though not purged yet."""
    person = await post.service.register()
    token = (await post.reset_link(person.email)).token
    await post.service.admin.execute("update auth.one_time_token set expires_at = now() where purpose = 'reset'")
    assert (await post.reset(token)).code == "invalid_link"
    assert (await post.service.try_login(person.email)).status == 200


async def test_link_to_an_address_of_the_past_is_refused(post: Mailing) -> None:
    """A13: mailed to an old address, which somebody else may read by now."""
    person = await post.service.register("old@example.org")
    token = (await post.reset_link(person.email)).token
    await post.service.admin.execute("update auth.account set email = 'n@example.org', email_key = 'n@example.org'")
    assert (await post.reset(token)).code == "invalid_link"
    assert (await post.service.try_login("n@example.org")).status == 200


async def test_token_of_another_purpose_is_refused(post: Mailing) -> None:
    person = await post.service.register()
    mail = await post.server.mail_to(person.email, "Confirm your email address")
    assert (await post.reset(mail.token)).code == "invalid_link"
    await post.verify(person)  # and it wasn't spent by that


@pytest.mark.parametrize("keep", [False, True])
async def test_api_keys_are_revoked_unless_they_are_kept(post: Mailing, keep: bool) -> None:  # noqa: FBT001  a parameter
    person = await post.service.register()
    await post.verify(person)
    made = await post.service.post("/v1/auth/api-keys", {"name": "a", "scopes": ["full"]}, person=person)
    reply = await post.reset((await post.reset_link(person.email)).token, keep_api_keys=keep)
    assert reply.status == 204
    assert (await post.service.verify("api_key", made.body["key"]) is not None) is keep


async def test_unacceptable_password_spends_nothing(post: Mailing) -> None:
    person = await post.service.register()
    token = (await post.reset_link(person.email)).token
    reply = await post.reset(token, "short")
    assert (reply.status, reply.code) == (422, "weak_password")
    assert reply.body["errors"][0]["pointer"] == "/new_password"
    assert (await post.reset(token)).status == 204


async def test_reset_shows_that_the_address_receives_mail(post: Mailing) -> None:
    person = await post.service.register()
    await post.reset((await post.reset_link(person.email)).token)
    assert await post.service.admin.fetchval("select email_verified_at from auth.account") is not None


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"token": "colt_nonsense", "new_password": NEW_PASSWORD}, 422, "invalid_link"),
        ({"token": "", "new_password": NEW_PASSWORD}, 422, "invalid_link"),
        ({"token": "x" * 60_000, "new_password": NEW_PASSWORD}, 422, "invalid_link"),
        ({"token": "colt_\0", "new_password": NEW_PASSWORD}, 400, "malformed_body"),
        ({"token": 7, "new_password": NEW_PASSWORD}, 400, "malformed_body"),
        ({"token": "a", "new_password": NEW_PASSWORD, "user_id": "b"}, 400, "malformed_body"),
        ({"token": "a"}, 400, "malformed_body"),
    ],
)
async def test_reset_refuses(post: Mailing, body: dict[str, object], status: int, code: str) -> None:
    reply = await post.service.post(RESET, body)
    assert (reply.status, reply.code) == (status, code)
