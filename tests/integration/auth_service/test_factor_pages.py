"""Second factors and step-up as a browser without scripts meets them."""

import time

import pyotp
import pytest

from tests.integration.auth_service.browsing import Browser
from tests.integration.auth_service.factor_people import code_of, finish, pending, two_factored
from tests.integration.auth_service.people import PASSWORD, Person
from tests.integration.auth_service.world import AuthService

FACTORS, APP, SECOND, STEP_UP = (
    "/account/factors",
    "/account/factors/app",
    "/account/sign-in/second-factor",
    "/account/step-up",
)


@pytest.fixture
async def person(service: AuthService) -> Person:
    return await service.register()


@pytest.fixture
async def inside(service: AuthService, person: Person) -> Browser:
    browser = Browser(service)
    await browser.sign_in(person.email)
    return browser


async def set_up(browser: Browser) -> tuple[str, list[str]]:
    """Add an authenticator app, and return its secret and the recovery codes."""
    assert (await browser.send(FACTORS, f"{APP}/begin")).location == APP
    shown = await browser.get(APP)
    secret = next(word for word in shown.text.split() if len(word) == 32 and word.isupper())
    done = await browser.follow(await browser.send(APP, code=pyotp.TOTP(secret).now()))
    assert done.alerts == ["The authenticator app is added."]
    codes = [word for word in done.text.split() if word.count("-") >= 3]
    return secret, codes


async def let_it_grow_old(service: AuthService) -> None:
    await service.admin.execute("update auth.session set authenticated_at = now() - interval '11 minutes'")


async def test_second_factor_is_asked_for_and_leads_on(inside: Browser, person: Person, service: AuthService) -> None:
    """A19: and a code is good once."""
    secret, codes = await set_up(inside)
    assert len(codes) == 10
    assert codes[0] not in (await inside.get(FACTORS)).html
    browser = Browser(service)
    asked = await browser.send("/account/sign-in?return_to=/account/sessions", email=person.email, password=PASSWORD)
    assert asked.location == f"{SECOND}?return_to=%2Faccount%2Fsessions"
    assert "session" not in browser.cookies
    way = f"{SECOND}/code?return_to=/account/sessions"
    shown = await browser.send(asked.location, way, code="000000")
    assert (shown.status, shown.alerts) == (403, ["The code is wrong, or was used before."])
    retry = shown.forms[way]
    code = pyotp.TOTP(secret).at(int(time.time()) + 30)
    done = await browser.post(retry.action, retry.fields | {"code": code})
    assert done.location == "/account/sessions"
    assert "pending" not in browser.cookies
    again = Browser(service)
    await again.sign_in(person.email)
    assert (await again.send(SECOND, f"{SECOND}/code", code=code)).status == 403
    assert (await again.send(SECOND, f"{SECOND}/recovery-code", recovery_code=codes[0])).location == "/account"
    assert (await again.get("/account")).status == 200


async def test_sign_in_of_a_program_is_not_finished_on_a_page(service: AuthService) -> None:
    """Nothing is spent: the program finishes it."""
    somebody = await two_factored(service)
    token = await pending(service, somebody.person)
    browser = Browser(service)
    browser.cookies["pending"] = f"{token}.totp"
    code = code_of(somebody.secret)
    assert (await browser.send(SECOND, f"{SECOND}/code", code=code)).location == "/account/sign-in"
    assert not browser.cookies.keys() & {"pending", "session"}
    assert (await finish(service, token, code=code)).status == 200


async def test_second_step_without_a_first_leads_back(service: AuthService) -> None:
    browser = Browser(service)
    assert (await browser.get(SECOND)).location == "/account/sign-in"
    token = (await browser.get("/account/sign-in")).forms["/account/sign-in"].fields["csrf_token"]
    browser.cookies["pending"] = "forged.totp"
    shown = await browser.post(f"{SECOND}/code", {"csrf_token": token, "code": "123456"})
    assert (shown.location, browser.cookies.get("pending")) == ("/account/sign-in", None)


@pytest.mark.parametrize(
    ("page", "action"),
    [(FACTORS, f"{APP}/begin"), ("/account/factors/passkeys/new", ""), ("/account/export", "/account/export")],
)
async def test_what_is_sensitive_asks_to_step_up_and_leads_back(
    inside: Browser, service: AuthService, page: str, action: str
) -> None:
    await let_it_grow_old(service)
    led = await inside.send(page, action) if action else await inside.get(page)
    assert led.location == f"{STEP_UP}?return_to={page}"
    way = f"{STEP_UP}/password?return_to={page}"
    shown = await inside.send(led.location, way, password="wrong password")
    assert (shown.status, shown.alerts) == (403, ["The current password is wrong."])
    assert (await inside.send(led.location, way, password=PASSWORD)).location == page
    assert (await inside.get("/account/factors/passkeys/new")).status == 200


async def test_who_has_a_second_factor_steps_up_by_it(inside: Browser, service: AuthService) -> None:
    secret, _ = await set_up(inside)
    await let_it_grow_old(service)
    shown = await inside.get(STEP_UP)
    assert f"{STEP_UP}/password" not in shown.forms
    code = pyotp.TOTP(secret).at(int(time.time()) + 30)
    assert (await inside.send(STEP_UP, f"{STEP_UP}/code", code=code)).location == "/account"
    removed = await inside.follow(await inside.send(FACTORS, f"{APP}/remove"))
    assert removed.alerts == ["The authenticator app is removed."]


@pytest.mark.parametrize("credential", ["", "{}", "nonsense", '{"id": 1}', '{"id": "a", "id": "b"}', "[" * 99])
async def test_passkey_that_no_script_wrote_is_refused(service: AuthService, credential: str) -> None:
    browser = Browser(service)
    fields = (await browser.get("/account/sign-in")).forms["/account/sign-in"].fields
    sent = {"csrf_token": fields["csrf_token"], "credential": credential}
    assert (await browser.post("/account/sign-in/passkey", sent)).status == 400


async def test_dead_cookie_is_told_why(inside: Browser, person: Person, service: AuthService) -> None:
    other = Browser(service)
    await other.sign_in(person.email)
    await other.send("/account/sessions", "/account/sessions/others/end")
    led = await inside.get("/account/sessions")
    shown = await inside.follow(led)
    assert "It was signed out from another of your sessions." in shown.text
    assert "ended" not in (await Browser(service).get("/account/sign-in")).text


async def test_pages_speak_german_to_who_wishes_it(inside: Browser) -> None:
    german = await inside.get("/account", **{"Accept-Language": "fr, de-CH;q=0.9, en;q=0.8"})
    assert ('<html lang="de">' in german.html, "Ihr Konto" in german.text) == (True, True)
    for wish in ("en, de", "fr", "", "de;q=0", "*", "xx" * 2000, "de;q=9"):
        shown = await inside.get("/account", **{"Accept-Language": wish})
        assert '<html lang="en">' in shown.html
