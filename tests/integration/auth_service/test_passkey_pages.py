"""Where pages offer passkeys, and where browsers would refuse them."""

import pytest

from tests.authenticator import Authenticator
from tests.integration.auth_service.browsing import Browser
from tests.integration.auth_service.factor_people import add_passkey
from tests.integration.auth_service.people import Gateway
from tests.integration.auth_service.world import AuthService, running
from tests.stores import DatabaseUrls

NEW, FACTORS, SECOND = "/account/factors/passkeys/new", "/account/factors", "/account/sign-in/second-factor"
WHY = "Passkeys can't be used here: browsers want a host's name in the address"


async def test_passkeys_are_not_offered_at_an_address_without_a_name(service: AuthService) -> None:
    person, browser = await service.register(), Browser(service)
    assert "/account/sign-in/passkey" not in (await browser.get("/account/sign-in")).forms
    await browser.sign_in(person.email)
    factors = await browser.get(FACTORS)
    assert (NEW in factors.html, WHY in factors.text) == (False, True)
    new = await browser.get(NEW)
    assert (NEW in new.forms, WHY in new.text) == (False, True)


async def test_who_has_a_passkey_is_told_why_it_isnt_asked_for(service: AuthService) -> None:
    person = await service.register()
    await add_passkey(service, person, Authenticator())
    browser = Browser(service)
    shown = await browser.follow(await browser.sign_in(person.email))
    assert (f"{SECOND}/passkey" in shown.forms, WHY in shown.text) == (False, True)
    assert f"{SECOND}/recovery-code" in shown.forms


@pytest.mark.parametrize("public_url", ["https://people.example", "http://localhost:8080"])
async def test_passkeys_are_offered_at_a_name(auth_database: DatabaseUrls, gateway: Gateway, public_url: str) -> None:
    async with running(auth_database, gateway, PUBLIC_URL=public_url) as service:
        person, browser = await service.register(), Browser(service)
        assert "/account/sign-in/passkey" in (await browser.get("/account/sign-in")).forms
        await browser.sign_in(person.email)
        factors = await browser.get(FACTORS)
        assert (NEW in factors.html, WHY in factors.text) == (True, False)
        assert NEW in (await browser.get(NEW)).forms
