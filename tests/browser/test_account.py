"""What a person does with their account, in a browser."""

from datetime import datetime, timedelta, timezone

from playwright.async_api import expect

from tests.browser.conftest import Looks, Visit
from tests.browser.person import PASSWORD


async def test_person_registers_signs_out_and_in_again(visit: Visit) -> None:
    ada = await visit()
    await ada.register()
    await ada.press("Sign out")
    await expect(ada.status()).to_have_text("You are signed out.")
    await ada.sign_in("wrong password")
    await expect(ada.alert()).to_have_text("The email address or the password is wrong.")
    password = ada.page.get_by_label("Password", exact=True)
    await expect(password).to_be_focused()
    await expect(password).to_have_value("")
    await expect(ada.page.get_by_label("Email address")).to_have_value(ada.email)
    await ada.fill("Password", PASSWORD)
    await ada.press("Sign in")
    assert (ada.path, ada.complaints) == ("/account", [])


async def test_password_is_changed_and_ends_the_session_elsewhere(visit: Visit) -> None:
    ada, elsewhere = await visit(), await visit()
    await ada.register()
    elsewhere.email = ada.email
    await elsewhere.sign_in()
    await ada.open("/account/password")
    await ada.fill("Current password", PASSWORD)
    await ada.fill("New password", "another long sentence")
    await ada.press("Change the password")
    await expect(ada.status()).to_contain_text("Your password is changed")
    await elsewhere.open("/account/sessions")
    assert elsewhere.path == "/account/sign-in?return_to=/account/sessions"
    await elsewhere.fill("Email address", ada.email)
    await elsewhere.fill("Password", "another long sentence")
    await elsewhere.press("Sign in")
    assert elsewhere.path == "/account/sessions"


async def test_sessions_are_ended_from_the_list(visit: Visit) -> None:
    ada, elsewhere = await visit(), await visit(phone=True)
    await ada.register()
    elsewhere.email = ada.email
    await elsewhere.sign_in()
    await ada.open("/account/sessions")
    await expect(ada.page.locator(".rows").first.locator("li")).to_have_count(2)
    await ada.press("End all others")
    await expect(ada.page.locator(".rows").first.locator("li")).to_have_count(1)
    await elsewhere.open("/account")
    assert await elsewhere.heading() == "Sign in"


async def test_api_key_is_made_shown_once_and_revoked(visit: Visit) -> None:
    ada = await visit()
    await ada.register()
    await ada.open("/account/api-keys")
    await ada.fill("Name", "Backup of the photos")
    await ada.page.get_by_text("Read your files").check()
    await ada.press("Make the key")
    secret = await ada.page.locator(".secret").inner_text()
    assert secret.startswith("colk_")
    answer = await ada.page.request.get("/v1/files", headers={"Authorization": f"Bearer {secret}"})
    assert answer.status == 200
    await ada.page.reload()
    await expect(ada.page.locator(".secret")).to_have_count(0)
    await ada.page.get_by_text("Revoke: Backup of the photos").click()
    await expect(ada.page.get_by_text("Whatever uses it is shut out at once.")).to_be_visible()
    await ada.page.get_by_role("button", name="Revoke it: Backup of the photos").click()
    await expect(ada.status()).to_have_text("The key is revoked.")
    await expect(ada.page.get_by_text("You have none yet.")).to_be_visible()


async def test_account_is_deleted(visit: Visit) -> None:
    ada = await visit()
    await ada.register()
    await ada.open("/account/deletion")
    await ada.fill("Your password, to be sure that it is you", PASSWORD)
    await ada.press("Delete everything")
    await expect(ada.status()).to_contain_text("Your account is deleted")
    await ada.sign_in()
    await expect(ada.alert()).to_be_visible()


async def test_all_of_it_works_without_scripts(visit: Visit) -> None:
    ada = await visit(scripts=False)
    await ada.register()
    await ada.open("/account/api-keys")
    await ada.fill("Name", "backup")
    await ada.page.get_by_text("Read your files").check()
    await ada.press("Make the key")
    await expect(ada.page.locator(".secret")).to_contain_text("colk_")
    await ada.press("Sign out")
    await ada.sign_in()
    assert ada.path == "/account"


async def test_password_can_be_looked_at_and_pasted(visit: Visit) -> None:
    ada = await visit()
    await ada.open("/account/sign-in")
    field = ada.page.locator("#password")
    await field.evaluate("field => field.focus()")
    await ada.page.keyboard.insert_text("pasted sentence")
    await expect(field).to_have_value("pasted sentence")
    await ada.page.get_by_role("button", name="Show: Password").click()
    await expect(field).to_have_attribute("type", "text")
    await ada.page.get_by_role("button", name="Hide: Password").click()
    await expect(field).to_have_attribute("type", "password")


async def test_words_that_scripts_add_are_in_the_language_of_the_page(visit: Visit, looks: Looks) -> None:
    ada = await visit(locale="de-DE")
    await ada.open("/account/register")
    await ada.page.get_by_label("E-Mail-Adresse", exact=True).fill(ada.email)
    await ada.page.get_by_label("Passwort", exact=True).fill(PASSWORD)
    await ada.page.get_by_role("button", name="Anzeigen: Passwort").click()
    await expect(ada.page.get_by_role("button", name="Ausblenden: Passwort")).to_have_text("Ausblenden")
    await looks(ada, "register-german")
    await ada.press("Konto anlegen")
    await ada.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await ada.open("/account/api-keys")
    await ada.page.get_by_label("Name", exact=True).fill("Sicherung")
    await ada.page.get_by_text("Ihre Dateien lesen").check()
    await ada.press("Schlüssel anlegen")
    await ada.page.get_by_role("button", name="Kopieren").click()
    await expect(ada.page.get_by_role("button", name="Kopiert")).to_be_visible()
    assert ada.complaints == []


async def test_times_are_those_of_who_reads_them(visit: Visit) -> None:
    ada, plain = await visit(zone="Asia/Tokyo"), await visit(zone="Asia/Tokyo", scripts=False)
    await ada.register()
    plain.email = ada.email
    await plain.sign_in()
    told, written = (person.page.locator("time").last for person in (ada, plain))
    for person in (ada, plain):
        await person.open("/account/activity")
    moment = datetime.fromisoformat(await told.get_attribute("datetime") or "")
    there, utc = moment.astimezone(timezone(timedelta(hours=9))), f"{moment.day} {moment:%B %Y, %H:%M} UTC"
    await expect(told).to_have_text(f"{there.day} {there:%B %Y at %H:%M} GMT+9")
    await expect(told).to_have_attribute("title", utc)
    await expect(written).to_have_text(utc)


async def test_account_can_be_used_by_keyboard_alone(visit: Visit) -> None:
    ada = await visit()
    keyboard = ada.page.keyboard
    await ada.open("/account/register")
    await expect(ada.page.get_by_label("Email address")).to_be_focused()
    await keyboard.type(ada.email)
    await keyboard.press("Tab")
    await keyboard.type(PASSWORD)
    async with ada.page.expect_navigation():
        await keyboard.press("Enter")
    assert ada.path == "/account"
    await keyboard.press("Tab")
    await expect(ada.page.get_by_role("link", name="Skip to the content")).to_be_focused()
    seen = []
    for _ in range(30):
        await keyboard.press("Tab")
        focus = ada.page.locator(":focus")
        if await focus.count():
            assert await focus.evaluate("element => getComputedStyle(element).outlineStyle") != "none"
            seen.append((await focus.inner_text()).strip())
    for name in ("Sign out", "Overview", "Password", "Sessions", "API keys"):
        assert name in seen
