"""What an owner is told without having asked."""

from tests.integration.auth_service.mailing import Mailing
from tests.integration.auth_service.people import PASSWORD, STRANGER

NEW_SIGN_IN, CHANGED = "New sign-in", "Your password was changed"


async def test_sign_in_from_an_unknown_device_is_told_once(post: Mailing) -> None:
    person = await post.service.register()
    await post.service.login(person)
    await post.service.login(person, device=STRANGER)
    await post.service.login(person, device=STRANGER)
    mail = await post.server.mail_to(person.email, NEW_SIGN_IN)
    assert STRANGER.agent in mail.text
    assert "203.0.113.0/24" in mail.text
    await post.settled()
    assert len(post.server.to(person.email, NEW_SIGN_IN)) == 1


async def test_owner_may_turn_that_off(post: Mailing) -> None:
    person = await post.service.register()
    await post.service.call("PATCH", "/v1/auth/mail-settings", {"new_device_notice": False}, person=person)
    await post.service.login(person, device=STRANGER)
    await post.settled()
    assert not post.server.to(person.email, NEW_SIGN_IN)


async def test_device_cannot_write_the_mail(post: Mailing) -> None:
    """What a browser calls itself is text, in the HTML too."""
    person = await post.service.register()
    hostile = type(STRANGER)("203.0.113.66", '<a href="https://evil.example">Click</a> {{ 7 * 7 }}')
    await post.service.login(person, device=hostile)
    mail = await post.server.mail_to(person.email, NEW_SIGN_IN)
    assert "&lt;a href=" in mail.html
    assert "{{ 7 * 7 }}" in mail.text


async def test_changed_password_is_told(post: Mailing) -> None:
    person = await post.service.register()
    body = {"current_password": PASSWORD, "new_password": "a new password"}
    assert (await post.service.post("/v1/auth/password", body, person=person)).status == 204
    assert await post.server.mail_to(person.email, CHANGED)


async def test_refused_change_is_not_told(post: Mailing) -> None:
    """The mail is ordered in the transaction of the change."""
    person = await post.service.register()
    body = {"current_password": "wrong password", "new_password": "a new password"}
    assert (await post.service.post("/v1/auth/password", body, person=person)).status == 403
    await post.settled()
    assert not post.server.to(person.email, CHANGED)
