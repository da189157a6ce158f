"""Adding a second factor to sign in, as a browser without scripts meets it."""

import html
import json
import re
from collections.abc import AsyncIterator

import pyotp
import pytest

from tests.authenticator import Authenticator
from tests.integration.auth_service.browsing import Browser
from tests.integration.auth_service.enrolling import owed, strict
from tests.integration.auth_service.factor_people import FACTORS
from tests.integration.auth_service.people import PASSWORD, Gateway
from tests.integration.auth_service.world import AuthService
from tests.integration.pages_read import Shown
from tests.stores import DatabaseUrls

ENROL, APP = "/account/sign-in/enrolment", "/account/sign-in/enrolment/app"
BACK = "?return_to=%2Faccount%2Fsessions"
HERE = "?return_to=/account/sessions"  # the same, as forms write it
ADA = "ada@example.org"
NAMED = "http://localhost:8080"  # passkeys can't be used at an address without a name


@pytest.fixture
async def strictly(auth_database: DatabaseUrls, gateway: Gateway) -> AsyncIterator[AuthService]:
    async with strict(auth_database, gateway, PUBLIC_URL=NAMED) as service:
        yield service


@pytest.fixture
async def newcomer(strictly: AuthService) -> Browser:
    """Somebody who has just registered, on the way to their sessions."""
    browser = Browser(strictly)
    asked = await browser.send("/account/register?return_to=/account/sessions", email=ADA, password=PASSWORD)
    assert asked.location == f"{ENROL}{BACK}"
    assert "session" not in browser.cookies
    return browser


async def set_up(browser: Browser) -> tuple[Shown, str]:
    """Begin to add an app; return the page that shows it, and the app's secret."""
    assert (await browser.send(f"{ENROL}{BACK}", f"{APP}/begin{HERE}")).location == f"{APP}{BACK}"
    shown = await browser.get(f"{APP}{BACK}")
    return shown, next(word for word in shown.text.split() if len(word) == 32 and word.isupper())


async def test_sign_in_of_a_program_is_not_finished_on_a_page(strictly: AuthService) -> None:
    person = await strictly.call("POST", "/v1/auth/register", {"email": ADA, "password": PASSWORD})
    browser = Browser(strictly)
    browser.cookies["pending"] = owed(person)
    assert (await browser.get(ENROL)).location == "/account/sign-in"
    assert "pending" not in browser.cookies


async def test_app_is_added_and_leads_on(newcomer: Browser) -> None:
    shown, secret = await set_up(newcomer)
    form = shown.forms[f"{APP}{HERE}"]
    refused = await newcomer.post(form.action, form.fields | {"code": "000000"})
    assert (refused.status, secret in refused.text) == (403, True)
    form = refused.forms[f"{APP}{HERE}"]
    done = await newcomer.post(form.action, form.fields | {"code": pyotp.TOTP(secret).now()})
    assert done.location == "/account/factors"
    assert not newcomer.cookies.keys() & {"pending", "enrolment"}
    shown = await newcomer.follow(done)
    assert shown.alerts == ["The authenticator app is added."]
    assert "At least one is required here." in shown.text
    assert len([word for word in shown.text.split() if word.count("-") >= 3]) == 10
    assert 'href="/account/sessions">Go on</a>' in shown.html
    assert "Go on" not in (await newcomer.get("/account/factors")).text
    refused = await newcomer.send("/account/factors", "/account/factors/app/remove")
    assert refused.status == 409
    assert refused.alerts[0].startswith("A second factor is required here, and this is the last one.")


async def test_passkey_is_added_by_what_the_script_writes(newcomer: Browser) -> None:
    key = Authenticator(NAMED)
    shown = await newcomer.get(f"{ENROL}{BACK}")
    form = shown.forms[f"{ENROL}/passkey{HERE}"]
    options = re.search('data-passkey="create" data-options="([^"]*)"', shown.html)
    assert options is not None
    credential = json.dumps(key.create(json.loads(html.unescape(options[1]))))
    done = await newcomer.post(form.action, form.fields | {"name": "Laptop", "credential": credential})
    assert (await newcomer.follow(done)).alerts == ["The passkey is added."]
    assert (await newcomer.get("/account/sessions")).status == 200


async def test_who_comes_too_late_begins_anew(newcomer: Browser, strictly: AuthService) -> None:
    await set_up(newcomer)
    shown = await newcomer.get(f"{APP}{BACK}")
    await strictly.admin.execute("delete from auth.pending_sign_in")
    for path in (f"{ENROL}{BACK}", f"{APP}{BACK}"):
        led = await Browser(strictly, cookies=dict(newcomer.cookies)).get(path)
        assert (led.status, led.location) == (303, f"/account/sign-in{BACK}")
    form = shown.forms[f"{APP}{HERE}"]
    led = await newcomer.post(form.action, form.fields | {"code": "123456"})
    assert (led.location, "pending" in newcomer.cookies) == (f"/account/sign-in{BACK}", False)


async def test_page_of_an_app_that_was_not_begun_leads_to_the_choice(newcomer: Browser) -> None:
    assert (await newcomer.get(f"{APP}{BACK}")).location == f"{ENROL}{BACK}"
    assert (await newcomer.get(FACTORS.replace("/v1/auth", "/account"))).location.startswith("/account/sign-in")


async def test_cookie_of_before_is_told_why_it_is_good_no_more(strictly: AuthService, service: AuthService) -> None:
    before = Browser(service)
    await before.send("/account/register", email=ADA, password=PASSWORD)
    browser = Browser(strictly, cookies=before.cookies)
    shown = await browser.follow(await browser.get("/account"))
    assert "Two factors are required here now: sign in again." in shown.text
    assert (await browser.sign_in(ADA)).location == ENROL
