"""Second factors in a browser: passkeys by Chromium's virtual authenticator, and an authenticator app."""

import time

import pyotp
from playwright.async_api import expect

from tests.browser.conftest import Looks, Visit
from tests.browser.person import PASSWORD, Person
from tests.e2e.stack import Stack


async def plug_in(person: Person) -> None:
    """Give the person's browser an authenticator that says yes at once."""
    devtools = await person.page.context.new_cdp_session(person.page)
    await devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    await devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})


async def add_passkey(ada: Person) -> None:
    await ada.open("/account/factors")
    await ada.follow("Add a passkey")
    await ada.fill("Name", "This laptop")
    await ada.press("Make the passkey")
    await expect(ada.status()).to_have_text("The passkey is added.")


def code_of(secret: str, ahead: int = 0) -> str:
    return pyotp.TOTP(secret).at(int(time.time()) + 30 * ahead)


async def add_app(ada: Person) -> str:
    await ada.open("/account/factors")
    await ada.page.get_by_role("button", name="Set up: Authenticator app").click()
    await ada.page.get_by_text("I can't scan it").click()
    secret = (await ada.page.locator(".secret").inner_text()).strip()
    await ada.fill("Code", code_of(secret))
    await ada.press("Add the app")
    await expect(ada.status()).to_have_text("The authenticator app is added.")
    return secret


async def test_passkey_is_added_and_signs_in_alone(visit: Visit, looks: Looks) -> None:
    ada = await visit()
    await plug_in(ada)
    await ada.register()
    await ada.open("/account/factors/passkeys/new")
    await looks(ada, "account-new-passkey")
    await add_passkey(ada)
    await expect(ada.page.locator(".secrets > li")).to_have_count(10)
    assert await ada.barriers() == []
    await looks(ada, "account-factors-passkey-added")
    await ada.press("Sign out")
    await ada.press("Sign in with a passkey")
    assert ada.path == "/account"
    await ada.open("/account/factors")
    await ada.page.get_by_text("Remove: This laptop").click()
    await ada.page.get_by_role("button", name="Remove it: This laptop").click()
    await expect(ada.status()).to_have_text("The passkey is removed.")
    assert ada.complaints == []


async def test_passkey_is_the_second_step(visit: Visit, looks: Looks) -> None:
    ada = await visit()
    await plug_in(ada)
    await ada.register()
    await add_passkey(ada)
    await ada.press("Sign out")
    await ada.sign_in()
    assert ada.path == "/account/sign-in/second-factor"
    await looks(ada, "second-factor-passkey")
    assert await ada.barriers() == []
    await ada.press("Use a passkey")
    assert ada.path == "/account"


async def test_passkey_that_is_not_there_is_told(visit: Visit) -> None:
    ada = await visit()
    await plug_in(ada)
    await ada.open("/account/sign-in")
    await ada.page.get_by_role("button", name="Sign in with a passkey").click()
    await expect(ada.alert()).to_contain_text("That didn't work.", timeout=90_000)


async def test_passkey_elsewhere_than_at_its_own_host_is_told(visit: Visit, stack: Stack, looks: Looks) -> None:
    ada = await visit()
    await plug_in(ada)
    await ada.open(f"http://127.0.0.1:{stack.port}/account/sign-in")
    await ada.page.get_by_role("button", name="Sign in with a passkey").click()
    await expect(ada.alert()).to_have_count(1)
    await expect(ada.alert()).to_contain_text("at another address than passkeys are good for")
    await expect(ada.alert()).to_contain_text("localhost")
    await looks(ada, "sign-in-passkey-elsewhere")


async def test_authenticator_app_is_the_second_step(visit: Visit, looks: Looks) -> None:
    ada = await visit()
    await ada.register()
    secret = await add_app(ada)
    (code, *_) = await ada.page.locator(".secrets > li").all_inner_texts()
    await ada.press("Sign out")
    await ada.sign_in()
    await ada.fill("Code of your authenticator app", "000000")
    await ada.press("Go on")
    await expect(ada.alert()).to_have_text("The code is wrong, or was used before.")
    await looks(ada, "second-factor-wrong-code")
    assert await ada.barriers() == []
    await ada.fill("Code of your authenticator app", code_of(secret, ahead=1))
    await ada.press("Go on")
    assert ada.path == "/account"
    await ada.press("Sign out")
    await ada.sign_in()
    await ada.page.get_by_text("Use a recovery code").click()
    await ada.fill("Recovery code", code)
    async with ada.page.expect_navigation():
        await ada.page.get_by_role("button", name="Go on").last.click()
    assert ada.path == "/account"


async def test_recovery_codes_are_a_line_each_on_any_screen(visit: Visit, looks: Looks) -> None:
    ada = await visit(phone=True)
    await ada.register()
    await add_app(ada)
    await looks(ada, "account-recovery-codes-phone")
    for width in (1280, 375, 320):
        await ada.page.set_viewport_size({"width": width, "height": 740})
        boxes = [await code.bounding_box() for code in await ada.page.locator(".secrets > li").all()]
        assert len(boxes) == 10
        assert all(box is not None and box["height"] < 32 for box in boxes)
        assert not await ada.overflows()


async def test_nothing_is_voided_by_one_press(visit: Visit, looks: Looks) -> None:
    ada = await visit(phone=True)
    await ada.register()
    await add_app(ada)
    await ada.page.get_by_text("Make new ones: Recovery codes").click()
    await expect(ada.page.get_by_text("Those that you have, printed or kept, are void then.")).to_be_visible()
    await looks(ada, "account-renewing-recovery-codes-phone")
    assert await ada.barriers() == []
    await ada.press("Void the old, make new ones: Recovery codes")
    await expect(ada.status()).to_have_text("The recovery codes are new; the old ones are void.")
    await ada.page.get_by_text("Remove: Authenticator app").click()
    await ada.press("Remove it: Authenticator app")
    await expect(ada.status()).to_have_text("The authenticator app is removed.")
    assert ada.complaints == []


async def test_setting_up_shows_the_same_picture_after_a_wrong_code(visit: Visit, looks: Looks) -> None:
    ada = await visit(phone=True)
    await ada.register()
    await ada.open("/account/factors")
    await ada.page.get_by_role("button", name="Set up: Authenticator app").click()
    secret = await ada.page.locator(".secret").text_content()
    await looks(ada, "account-app-phone")
    assert await ada.barriers() == []
    await ada.fill("Code", "000000")
    await ada.press("Add the app")
    await expect(ada.alert()).to_contain_text("Look at the app's newest code")
    assert await ada.page.locator(".secret").text_content() == secret


async def test_required_factor_is_added_on_the_way_in(visit_strict: Visit, looks: Looks) -> None:
    """On a phone without scripts by an app, and by a passkey that the browser makes."""
    ada = await visit_strict(phone=True, scripts=False)
    await register_strictly(ada)
    await looks(ada, "enrolment-phone-without-scripts")
    assert not await ada.overflows()
    await ada.press("Set up an app")
    secret = (await ada.page.locator(".secret").text_content() or "").strip()
    await looks(ada, "enrolment-app-phone")
    await ada.fill("Code", code_of(secret))
    await ada.press("Add the app")
    await expect(ada.status()).to_have_text("The authenticator app is added.")
    await expect(ada.page.locator(".secrets > li")).to_have_count(10)
    await looks(ada, "enrolment-done-phone")
    await ada.follow("Go on")
    assert ada.path == "/account/sessions"
    bob = await visit_strict(dark=True)
    await plug_in(bob)
    await register_strictly(bob)
    await looks(bob, "enrolment-dark")
    assert await bob.barriers() == []
    await bob.fill("Name", "This laptop")
    await bob.press("Make the passkey")
    await expect(bob.status()).to_have_text("The passkey is added.")
    assert await bob.barriers() == []
    await bob.press("Sign out")
    await bob.press("Sign in with a passkey")
    assert (bob.path, bob.complaints) == ("/account", [])


async def register_strictly(person: Person) -> None:
    await person.open("/account/register?return_to=/account/sessions")
    await person.fill("Email address", person.email)
    await person.fill("Password", PASSWORD)
    await person.press("Make the account")
    assert person.path == "/account/sign-in/enrolment?return_to=%2Faccount%2Fsessions"
