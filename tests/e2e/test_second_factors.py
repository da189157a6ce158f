"""Passkeys and one-time codes through the whole stack, by tokens and by a cookie."""

import time
from typing import Any
from urllib.parse import urlsplit

import pyotp
import pytest

from shared.web.origins import origin_of
from tests.authenticator import Authenticator
from tests.e2e.places import Place, everywhere
from tests.e2e.test_credentials import Browser, anonymous
from tests.e2e.visitor import PASSWORD, Visitor

FACTORS, LOGIN, STEP_UP = "/v1/auth/factors", "/v1/auth/login", "/v1/auth/step-up"


async def add_passkey(person: Visitor, key: Authenticator) -> int:
    options = (await person.call("POST", f"{FACTORS}/passkeys/options")).json()["options"]
    made = {"name": "Key", "credential": key.create(options)}
    return (await person.call("POST", f"{FACTORS}/passkeys", json=made)).status


async def ask_passkey(who: Visitor) -> dict[str, Any]:
    options: dict[str, Any] = (await who.call("POST", f"{LOGIN}/passkey/options")).json()["options"]
    return options


@everywhere
async def test_passkey_signs_in_wherever_the_installation_is(ada: Visitor, place: Place) -> None:
    """Below a path, behind proxies, on any port: who we are comes from PUBLIC_URL, and is what browsers call it."""
    key = Authenticator(origin=origin_of(place.url))
    assert await add_passkey(ada, key) == 201
    assert key.host == urlsplit(place.url).hostname
    somebody = anonymous(ada)
    reply = await somebody.call("POST", f"{LOGIN}/passkey", json={"passkey": key.get(await ask_passkey(somebody))})
    assert (reply.status, reply.json()["user_id"]) == (200, ada.user_id)
    key.origin = "https://colonnade.test:444"
    reply = await somebody.call("POST", f"{LOGIN}/passkey", json={"passkey": key.get(await ask_passkey(somebody))})
    assert (reply.status, reply.code) == (403, "passkey_refused")


@pytest.fixture
async def browser(ada: Visitor) -> Browser:
    browser = Browser(ada)
    assert (await browser.sign_in()).status == 200
    return browser


async def test_browser_signs_in_by_two_factors_and_steps_up(ada: Visitor, browser: Browser) -> None:
    secret = (await browser.call("POST", f"{FACTORS}/totp")).json()["secret"]
    app, now = pyotp.TOTP(secret), int(time.time())
    codes = (await browser.call("POST", f"{FACTORS}/totp/confirmation", json={"code": app.at(now - 30)})).json()
    assert len(codes["recovery_codes"]) == 10
    reply = await browser.sign_in()
    assert (reply.status, reply.code) == (403, "second_factor_required")
    waiting = reply.json()["pending_sign_in"]
    body = {"pending_sign_in": waiting, "code": app.at(now)}
    before = browser.cookie
    assert (await browser.call("POST", f"{LOGIN}/second-factor", json=body)).status == 200
    assert browser.cookie != before
    stepped, before = {"recovery_code": codes["recovery_codes"][0]}, browser.cookie
    assert (await browser.call("POST", STEP_UP, "https://evil.example", json=stepped)).code == "cross_site_request"
    assert (await browser.call("POST", STEP_UP, json=stepped)).status == 200
    assert browser.cookie != before
    assert (await browser.call("GET", FACTORS)).json()["recovery_codes_left"] == 9
    assert (await browser.call("DELETE", f"{FACTORS}/totp")).status == 204
    assert (await ada.login(PASSWORD)).status == 200
