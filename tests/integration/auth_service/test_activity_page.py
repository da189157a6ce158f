from tests.authenticator import Authenticator
from tests.integration.auth_service.browsing import Browser
from tests.integration.auth_service.factor_people import PASSKEYS, add_passkey
from tests.integration.auth_service.people import Device
from tests.integration.auth_service.world import AuthService

HOSTILE = Device("192.0.2.7", "<script>alert(1)</script>")


async def test_what_happened_to_an_account_is_told_in_words(service: AuthService) -> None:
    person, other = await service.register(), await service.register()
    browser = Browser(service, HOSTILE)
    await browser.sign_in(person.email, "wrong password")
    await browser.sign_in(person.email)
    shown = await browser.get("/account/activity")
    for text in ("The account was made", "Signed in", "Somebody tried a wrong password or code"):
        assert text in shown.text
    assert "<script>alert" not in shown.html
    assert other.email not in shown.html


async def test_factor_that_was_added_or_removed_is_named(service: AuthService) -> None:
    person = await service.register()
    added = await add_passkey(service, person, Authenticator())
    removed = await service.call("DELETE", f"{PASSKEYS}/{added['passkey']['id']}", person=person)
    assert removed.status == 204
    browser = Browser(service)
    await browser.sign_in(person.email)
    shown = await browser.get("/account/activity")
    for text in ("A second factor was added: Passkey", "A second factor was removed: Passkey"):
        assert text in shown.text
    german = await browser.get("/account/activity", **{"Accept-Language": "de"})
    assert "Ein zweiter Faktor wurde hinzugefügt: Passkey" in german.text


async def test_list_goes_on_behind_its_end(service: AuthService) -> None:
    person = await service.register()
    for _ in range(25):
        await service.login(person)
    browser = Browser(service)
    await browser.sign_in(person.email)
    first = await browser.get("/account/activity")
    cursor = first.html.partition("/account/activity?cursor=")[2].partition('"')[0]
    second = await browser.get(f"/account/activity?cursor={cursor}")
    assert ("The account was made" in first.text, "The account was made" in second.text) == (False, True)
    assert (await browser.get("/account/activity?cursor=x")).status == 400


async def test_accounts_without_providers_have_nothing_to_link(service: AuthService) -> None:
    browser = Browser(service)
    await browser.sign_in((await service.register()).email)
    shown = await browser.get("/account/identities")
    assert ("None is linked." in shown.text, "Link another" in shown.text) == (True, False)
    token = shown.forms["/account/sign-out"].fields
    assert (await browser.post("/account/identities/nobody/link", token)).status == 404
