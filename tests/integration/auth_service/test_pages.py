"""The pages as a browser without scripts meets them."""

import re

import pytest

from auth_service.routes.pages import FRAME, PAGES
from tests.integration.auth_service.browsing import Browser
from tests.integration.auth_service.people import PASSWORD, Person
from tests.integration.auth_service.world import AuthService

SIGNED_IN = [route.path for route in PAGES if route.page and route.page.signed_in and route.method == "GET"]
SIGNED_IN.remove("/account/factors/app")  # is there only while one is set up


@pytest.fixture
def browser(service: AuthService) -> Browser:
    return Browser(service)


@pytest.fixture
async def person(service: AuthService) -> Person:
    return await service.register()


@pytest.fixture
async def inside(browser: Browser, person: Person) -> Browser:
    assert (await browser.sign_in(person.email)).location == "/account"
    return browser


async def test_person_registers_and_is_signed_in(browser: Browser) -> None:
    done = await browser.send("/account/register", email="ada@example.org", password=PASSWORD)
    assert (await browser.follow(done)).text.count("ada@example.org") == 2
    again = await browser.get("/account/register")
    assert again.location == "/account"


async def test_overview_leads_everywhere(inside: Browser) -> None:
    """Where the navigation has no room, this is how one gets to see what there is."""
    shown = await inside.get("/account")
    main = shown.html.partition("<main")[2]
    for link in FRAME.navigation:
        assert f'<a href="{link.path}">' in main or link.path == "/account"
    assert "Confirm it" in shown.text
    assert "Confirm it" not in main.partition("</h1>")[0]


async def test_address_that_is_taken_is_told_beside_its_field(browser: Browser, person: Person) -> None:
    shown = await browser.send("/account/register", email=person.email, password=PASSWORD)
    assert shown.status == 409
    assert shown.forms["/account/register"].fields["email"] == person.email
    assert shown.forms["/account/register"].fields["password"] == ""
    assert 'aria-describedby="email-fault"' in shown.html
    assert shown.alerts == ["This email address is registered already."]


async def test_wrong_password_shows_the_form_again_with_what_was_typed(browser: Browser, person: Person) -> None:
    shown = await browser.sign_in(person.email, "wrong password")
    assert (shown.status, shown.headers.get("WWW-Authenticate")) == (403, None)
    assert shown.forms["/account/sign-in"].fields["email"] == person.email
    assert "wrong password" not in shown.html
    assert shown.alerts == ["The email address or the password is wrong."]
    retry = shown.forms["/account/sign-in"]
    done = await browser.post(retry.action, retry.fields | {"password": PASSWORD})
    assert done.location == "/account"


async def test_title_tells_what_a_form_has_done(browser: Browser, person: Person) -> None:
    assert "<title>Sign in · " in (await browser.get("/account/sign-in")).html
    assert "<title>Error: Sign in · " in (await browser.sign_in(person.email, "wrong password")).html
    await browser.sign_in(person.email)
    left = await browser.follow(await browser.send("/account", "/account/sign-out"))
    assert "<title>You are signed out. · Sign in · " in left.html


async def test_resting_account_is_told_with_the_time_to_wait(browser: Browser, person: Person) -> None:
    for _ in range(10):
        await browser.sign_in(person.email, "wrong password")
    shown = await browser.sign_in(person.email)
    assert (shown.status, "Retry-After" in shown.headers) == (429, True)
    assert shown.alerts[0].startswith("Too many wrong passwords.")


@pytest.mark.parametrize("path", SIGNED_IN)
async def test_page_for_people_signed_in_leads_others_to_sign_in_and_back(
    browser: Browser, person: Person, path: str
) -> None:
    led = await browser.get(path)
    assert led.location == f"/account/sign-in?return_to={path}"
    assert "session" not in browser.cookies
    done = await browser.send(led.location, email=person.email, password=PASSWORD)
    assert done.location == path
    shown = await browser.follow(done)
    assert (shown.status, shown.headers["Cache-Control"]) == (200, "no-store")
    if path in [link.path for link in FRAME.navigation]:
        assert f'href="{path}" aria-current="page"' in shown.html


@pytest.mark.parametrize(
    "asked", ["//evil.example", "/\\evil.example", "https://evil.example", "/a/..//evil.example", "javascript:alert(1)"]
)
async def test_nobody_is_led_off_the_site(browser: Browser, person: Person, asked: str) -> None:
    """A17"""
    path = f"/account/sign-in?return_to={asked}".replace("\\", "%5C").replace(":", "%3A")
    shown = await browser.get(path)
    form = next(iter(shown.forms.values()))
    done = await browser.post(form.action, form.fields | {"email": person.email, "password": PASSWORD})
    assert done.location == "/account"


async def test_sign_out_ends_the_session(inside: Browser, service: AuthService) -> None:
    cookie = inside.cookies["session"]
    shown = await inside.follow(await inside.send("/account", "/account/sign-out"))
    assert shown.alerts == ["You are signed out."]
    assert "session" not in inside.cookies
    assert await service.verify("browser_session", cookie) is None
    assert (await inside.get("/account/sign-in")).alerts == []


async def test_page_of_its_own_says_whom_it_signs_out(inside: Browser, person: Person) -> None:
    """Other services' pages lead there."""
    shown = await inside.get("/account/sign-out")
    assert f"You are signed in here as {person.email}" in shown.text
    await inside.send("/account/sign-out")
    shown = await inside.get("/account/sign-out")
    assert (shown.status, "You are signed out here." in shown.text, shown.forms) == (200, True, {})


async def test_password_is_changed(inside: Browser, person: Person, service: AuthService) -> None:
    page = "/account/password"
    shown = await inside.send(page, current_password="wrong password", new_password="a new sentence")
    assert (shown.status, shown.alerts) == (403, ["The current password is wrong."])
    shown = await inside.send(page, current_password=PASSWORD, new_password="short")
    assert (shown.status, 'id="new_password-fault"' in shown.html) == (422, True)
    shown = await inside.follow(await inside.send(page, current_password=PASSWORD, new_password="a new sentence"))
    assert shown.alerts == ["Your password is changed, and all your other sessions are ended."]
    assert (await service.try_login(person.email, "a new sentence")).status == 200


async def test_sessions_are_listed_and_ended(inside: Browser, person: Person) -> None:
    other = Browser(inside.service)
    await other.sign_in(person.email)
    shown = await inside.get("/account/sessions")
    ends = [action for action in shown.forms if action.endswith("/end") and "others" not in action]
    assert len(ends) == 2  # the other browser, and the program that registered
    shown = await inside.follow(await inside.send("/account/sessions", ends[0]))
    assert shown.alerts == ["The session is ended."]
    await inside.send("/account/sessions", "/account/sessions/others/end")
    assert (await other.get("/account")).location.startswith("/account/sign-in")
    assert (await inside.get("/account")).status == 200


async def test_sessions_of_one_kind_are_told_apart(inside: Browser, person: Person) -> None:
    for _ in range(2):
        await Browser(inside.service).sign_in(person.email)
    names = re.findall(r'aria-label="(End: [^"]+)"', (await inside.get("/account/sessions")).html)
    assert len(names) == len(set(names)) == 3


async def test_session_of_another_person_is_not_there(inside: Browser, service: AuthService) -> None:
    stranger = await service.register()
    token = (await inside.get("/account/sessions")).forms["/account/sign-out"].fields
    shown = await inside.post(f"/account/sessions/{stranger.session_id}/end", token)
    assert (shown.status, shown.alerts) == (404, ["There is nothing here."])


async def test_api_key_is_shown_once(inside: Browser, service: AuthService) -> None:
    page = "/account/api-keys"
    done = await inside.send(page, name="backup", scopes="users:read", days="30")
    shown = await inside.follow(done)
    secret = next(word for word in shown.text.split() if word.startswith("colk_") and len(word) == 54)
    assert await service.verify("api_key", secret) is not None
    again = await inside.get(page)
    assert (secret in again.html, "backup" in again.text) == (False, True)
    assert "Read profiles" in again.text.partition("Make a key")[0]
    (revoke,) = [action for action in again.forms if action.endswith("/delete")]
    assert (await inside.follow(await inside.send(page, revoke))).alerts == ["The key is revoked."]
    assert await service.verify("api_key", secret) is None


async def test_key_without_a_scope_is_refused_with_what_was_typed(inside: Browser) -> None:
    shown = await inside.send("/account/api-keys", name="backup", days="365")
    assert (shown.status, shown.alerts) == (422, ["Choose what the key may do."])
    assert 'value="backup"' in shown.html
    assert '<option value="365" selected>' in shown.html


async def test_account_is_deleted(inside: Browser, person: Person, service: AuthService) -> None:
    assert (await inside.send("/account/deletion", password="wrong password")).status == 403
    shown = await inside.follow(await inside.send("/account/deletion", password=PASSWORD))
    assert shown.alerts == ["Your account is deleted, with everything in it."]
    assert (await service.try_login(person.email)).status == 401


async def test_pages_are_no_part_of_the_api(service: AuthService) -> None:
    document = (await service.call("GET", "/openapi.json")).body
    assert not {route.path for route in PAGES} & document["paths"].keys()
