"""The pages that have mails sent, and those that mailed links lead to."""

import pytest

from tests.integration.auth_service.browsing import Browser
from tests.integration.auth_service.mailing import NEW_PASSWORD, Mailing
from tests.integration.auth_service.people import PASSWORD

SENT = ["If the address has an account here, a mail is on its way to it."]
TOKEN_PAGES = [
    "/account/verify",
    "/account/reset",
    "/account/sign-in/link",
    "/account/email/confirm",
    "/account/email/undo",
]


async def test_forgotten_password_is_set_anew(post: Mailing) -> None:
    person = await post.service.register()
    browser = Browser(post.service)
    for email in (person.email, "nobody@example.org"):  # A9
        assert (await browser.follow(await browser.send("/account/forgot", email=email))).alerts == SENT
    mail = await post.server.mail_to(person.email, "new password")
    page = f"/account/reset?token={mail.token}"
    assert (await browser.send(page, new_password="short")).status == 422
    done = await browser.follow(await browser.send(page, new_password=NEW_PASSWORD))
    assert done.alerts == ["Your password is new, and all sessions are ended. Sign in with it."]
    assert (await browser.sign_in(person.email, NEW_PASSWORD)).location == "/account"
    shown = await browser.get(page)
    assert (page in shown.forms, "/account/forgot" in shown.html) == (False, True)
    assert shown.alerts[0].startswith("This link is no longer good. It is good once")


async def test_looking_at_a_mailed_link_spends_nothing(post: Mailing) -> None:
    person = await post.service.register()
    mail = await post.server.mail_to(person.email, "Confirm your email address")
    browser = Browser(post.service)
    for _ in range(3):
        assert (await browser.get(f"/account/verify?token={mail.token}")).status == 200
    assert (await browser.send(f"/account/verify?token={mail.token}")).location == "/account"
    await browser.sign_in(person.email)
    assert "not verified" not in (await browser.get("/account")).text


@pytest.mark.parametrize("page", TOKEN_PAGES)
async def test_page_with_a_token_tells_its_address_to_nobody(post: Mailing, page: str) -> None:
    browser = Browser(post.service)
    shown = await browser.get(f"{page}?token=%22%3E%3Cscript%3Ealert(1)%3C/script%3E")
    assert (shown.status, shown.headers["Referrer-Policy"], shown.headers["Cache-Control"]) == (
        200,
        "no-referrer",
        "no-store",
    )
    assert "<script>alert" not in shown.html
    fields = {"csrf_token": (await browser.get("/account/sign-in")).forms["/account/sign-in"].fields["csrf_token"]}
    typed = {"new_password": NEW_PASSWORD} if page == "/account/reset" else {}
    refused = await browser.post(f"{page}?token=%22%3E%3Cscript%3Ealert(1)%3C/script%3E", fields | typed)
    assert (refused.status, "<script>alert" in refused.html) == (422, False)
    assert refused.alerts[0].startswith("This link is no longer good.")
    assert len(refused.alerts) == 1


@pytest.mark.parametrize(
    ("page", "onward"),
    [
        ("/account/verify", "verify/resend"),
        ("/account/reset", "forgot"),
        ("/account/sign-in/link", "sign-in/mail"),
        ("/account/email/confirm", "email"),
        ("/account/email/undo", "sign-in"),
    ],
)
async def test_dead_link_says_so_at_once_and_leads_to_another(post: Mailing, page: str, onward: str) -> None:
    person = await post.service.register()
    spent = await post.server.mail_to(person.email, "Confirm your email address")
    assert (await Browser(post.service).send(f"/account/verify?token={spent.token}")).location == "/account"
    browser = Browser(post.service)
    for token in (spent.token, "", "colt_nonsense"):
        shown = await browser.get(f"{page}?token={token}")
        assert (shown.status, shown.forms, len(shown.alerts)) == (200, {}, 1)
        assert shown.alerts[0].startswith("This link is no longer good.")
        assert f'href="/account/{onward}"' in shown.html


async def test_mailed_code_and_link_sign_in(post: Mailing) -> None:
    person = await post.service.register()
    browser = Browser(post.service)
    asked = await browser.send("/account/sign-in/mail?return_to=/account/sessions", email=person.email, way="code")
    assert asked.location == "/account/sign-in/code?return_to=%2Faccount%2Fsessions"
    waiting = await browser.get(asked.location)
    assert (waiting.alerts, waiting.text.count("If the address has an account here")) == ([], 1)
    mail = await post.server.mail_to(person.email, "sign-in code")
    shown = await browser.send(asked.location, "/account/sign-in/code?return_to=/account/sessions", code="0000 0000")
    assert (shown.status, shown.alerts) == (403, ["This code is wrong, was used or has expired."])
    form = shown.forms["/account/sign-in/code?return_to=/account/sessions"]
    assert (await browser.post(form.action, form.fields | {"code": mail.code})).location == "/account/sessions"
    other = Browser(post.service)
    assert (await other.send("/account/sign-in/mail", email=person.email, way="link")).location == "/account/sign-in"
    link = await post.server.mail_to(person.email, "Your link to sign in")
    assert (await other.send(f"/account/sign-in/link?token={link.token}")).location == "/account"
    assert (await other.get("/account")).status == 200


async def test_code_cannot_be_typed_where_none_was_asked_for(post: Mailing) -> None:
    browser = Browser(post.service)
    browser.cookies["__Host-mail-code"] = "forged"
    assert (await browser.get("/account/sign-in/code")).location == "/account/sign-in"


async def test_address_is_changed_and_changed_back(post: Mailing) -> None:
    person = await post.service.register("old@example.org")
    browser = Browser(post.service)
    await browser.sign_in(person.email)
    page = "/account/email"
    shown = await browser.send(page, email="new@example.org", password="wrong password")
    assert (shown.status, shown.alerts) == (403, ["The current password is wrong."])
    done = await browser.follow(await browser.send(page, email="new@example.org", password=PASSWORD))
    assert done.alerts == ["A mail is on its way to the new address. It counts once its link is followed."]
    mail = await post.server.mail_to("new@example.org", "")
    assert (await browser.send(f"/account/email/confirm?token={mail.token}")).location == "/account"
    assert "new@example.org" in (await browser.get(page)).text
    undo = await post.server.mail_to("old@example.org", "changed")
    assert (await browser.send(f"/account/email/undo?token={undo.token}")).location == "/account/sign-in"
    assert (await browser.get(page)).location.startswith("/account/sign-in")


async def test_address_is_changed_where_there_is_no_password(post: Mailing) -> None:
    """A session that was proved lately is enough, as by the API, and nothing counts as a guess."""
    person, browser = await post.service.register("old@example.org"), Browser(post.service)
    await browser.sign_in(person.email)
    await post.service.admin.execute("update auth.account set password_hash = null")
    page = await browser.get("/account/email")
    assert "password" not in page.forms["/account/email"].fields
    done = await browser.follow(await browser.send("/account/email", email="new@example.org"))
    assert done.alerts == ["A mail is on its way to the new address. It counts once its link is followed."]
    assert not await post.service.admin.fetchval("select sum(failures) from auth.login_failure")
    await post.service.admin.execute("update auth.session set authenticated_at = now() - interval '11 minutes'")
    stale = await browser.send("/account/email", email="other@example.org")
    assert stale.location.startswith("/account/step-up")


async def test_wishes_about_mail_are_kept(post: Mailing) -> None:
    browser = Browser(post.service)
    await browser.sign_in((await post.service.register()).email)
    page, action = "/account/email", "/account/email/settings"
    await browser.send(page, action, language="de")
    shown = await browser.get(page)
    assert '<option value="de" selected' in shown.html
    assert 'value="true" checked' not in shown.html
