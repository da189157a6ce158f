"""What other sites, and hostile senders, try with the pages' forms."""

import re

import pytest

from auth_service.handlers.pages.second_factor import ENROLMENT
from auth_service.routes.pages import PAGES
from shared.web.routes import Route
from tests.integration.auth_service.browsing import ORIGIN, Browser
from tests.integration.auth_service.people import PASSWORD
from tests.integration.auth_service.world import AuthService

FORMS = [route for route in PAGES if route.method == "POST"]
SCRIPT = """"'><script>alert(1)</script><img src=x onerror=alert(2)>"""
SIGN_IN = "/account/sign-in"
FOREIGN = (
    {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "none"},
    {"Sec-Fetch-Site": "cross-site", "Origin": ORIGIN},
)


def _path(route: Route) -> str:
    return re.sub(r"{\w+}", "00000000-0000-7000-8000-000000000000", route.path)


async def insider(service: AuthService) -> Browser:
    browser = Browser(service)
    await browser.sign_in((await service.register()).email)
    assert "session" in browser.cookies
    return browser


@pytest.mark.parametrize("route", FORMS, ids=lambda route: route.path)
async def test_form_without_our_token_changes_nothing(service: AuthService, route: Route) -> None:
    """Neither without one, nor with that of another person, nor with one from before signing in."""
    visitor = Browser(service)
    before = (await visitor.get(SIGN_IN)).forms[SIGN_IN].fields["csrf_token"]
    other, victim = await insider(service), await insider(service)
    foreign = (await other.get("/account")).forms["/account/sign-out"].fields["csrf_token"]
    for token in ("", foreign, before, "AAAA", "é" * 64):
        shown = await victim.post(_path(route), {"csrf_token": token} if token else {})
        nothing_waits = _path(route).startswith(ENROLMENT) and shown.status == 303 and shown.location == SIGN_IN
        assert shown.status in (400, 403) or nothing_waits
    assert (await victim.get("/account")).status == 200


@pytest.mark.parametrize("route", FORMS, ids=lambda route: route.path)
async def test_form_of_another_site_is_refused_even_with_the_token(service: AuthService, route: Route) -> None:
    """A26"""
    victim = await insider(service)
    token = (await victim.get("/account")).forms["/account/sign-out"].fields["csrf_token"]
    for headers in FOREIGN:
        shown = await victim.post(_path(route), {"csrf_token": token}, **headers)
        assert (shown.status, "cross_site_form" in shown.text, shown.forms) == (403, True, {}), headers


@pytest.mark.parametrize(("origin", "status"), [(ORIGIN, 303), ("null", 303), ("https://evil.example", 403)])
async def test_without_sec_fetch_site_the_origin_decides(service: AuthService, origin: str, status: int) -> None:
    person = await service.register()
    browser = Browser(service)
    form = (await browser.get(SIGN_IN)).forms[SIGN_IN]
    fields = form.fields | {"email": person.email, "password": PASSWORD}
    body = "&".join(f"{name}={value.replace('@', '%40').replace(' ', '+')}" for name, value in fields.items())
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": origin}
    shown = await browser._ask("POST", SIGN_IN, headers, body.encode())
    assert shown.status == status


@pytest.mark.parametrize("kind", ["text/plain", "application/json", "multipart/form-data; boundary=x"])
async def test_body_that_is_no_form_is_refused(service: AuthService, kind: str) -> None:
    """A26: not even with the right token in it."""
    victim = await insider(service)
    token = (await victim.get("/account")).forms["/account/sign-out"].fields["csrf_token"]
    shown = await victim.post("/account/sign-out", {"csrf_token": token}, **{"Content-Type": kind})
    assert shown.status == 415
    assert (await victim.get("/account")).status == 200


async def test_browser_without_cookies_is_told_so(service: AuthService) -> None:
    person = await service.register()
    shown = await Browser(service, takes_cookies=False).sign_in(person.email)
    assert shown.status == 403
    assert "cookie" in shown.alerts[0]
    assert shown.forms[SIGN_IN].fields["email"] == person.email


async def test_form_from_before_signing_in_elsewhere_can_be_sent_again(service: AuthService) -> None:
    person = await service.register()
    browser = Browser(service)
    old = (await browser.get(SIGN_IN)).forms[SIGN_IN]
    await browser.sign_in(person.email)
    shown = await browser.post(SIGN_IN, old.fields | {"email": person.email, "password": PASSWORD})
    assert shown.location == "/account"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"email=a%40b.c&email=d%40e.f&password=x", id="field twice"),
        pytest.param(b"email=a%40b.c&password=x&role=admin", id="unknown field"),
        pytest.param(b"email=a%40b.c", id="missing field"),
        pytest.param(b"email=%00&password=x", id="NUL"),
        pytest.param(b"email=%ED%A0%80&password=x", id="lone surrogate"),
        pytest.param(b"email=%zz&password=x", id="bad escape"),
        pytest.param(b"email=\xff&password=x", id="not ASCII"),
        pytest.param(b"&".join(b"a%d=" % number for number in range(101)), id="many fields"),
        pytest.param(b"", id="nothing"),
        pytest.param(b"email=a%40b.c&password=x&csrf_token=1&csrf_token=2&email=", id="token twice"),
    ],
)
async def test_malformed_form_is_refused(service: AuthService, body: bytes) -> None:
    """A21, and what no browser sends."""
    shown = await Browser(service).post(SIGN_IN, body)
    assert (shown.status, "malformed_body" in shown.text) == (400, True)


async def test_form_that_is_too_long_is_refused(service: AuthService) -> None:
    shown = await Browser(service).post(SIGN_IN, {"email": "a" * 70_000, "password": "x"})
    assert shown.status == 413


@pytest.mark.parametrize(
    ("page", "fields"),
    [
        (SIGN_IN, {"email": SCRIPT, "password": SCRIPT}),
        (f"{SIGN_IN}?return_to=%22%3E%3Cscript%3Ealert(1)%3C/script%3E", {"email": SCRIPT, "password": SCRIPT}),
        ("/account/register", {"email": SCRIPT, "password": SCRIPT}),
    ],
)
async def test_markup_shows_as_text_before_signing_in(service: AuthService, page: str, fields: dict[str, str]) -> None:
    browser = Browser(service)
    form = next(iter((await browser.get(page)).forms.values()))
    shown = await browser.post(form.action, form.fields | fields)
    assert shown.status == 422
    assert "<script>alert" not in shown.html
    assert "<img" not in shown.html
    assert shown.html.count("&lt;script&gt;alert(1)") == 1


async def test_markup_shows_as_text_inside(service: AuthService) -> None:
    """In a key's name, once and for ever; in what a client calls itself; in an address."""
    browser = await insider(service)
    await browser.send("/account/api-keys", name=SCRIPT, scopes="full", days="0")
    for page in ("/account/api-keys", "/account/api-keys", "/account/sessions", "/account"):
        shown = await browser.get(page, **{"User-Agent": SCRIPT})
        assert ("<script>alert" in shown.html, "<img" in shown.html) == (False, False)
    await browser.send("/account/password", current_password=SCRIPT, new_password=SCRIPT)
    await browser.send("/account/deletion", password=SCRIPT)
    refused = await browser.send("/account/api-keys", name=SCRIPT * 9, scopes=SCRIPT[:60], days="0")
    assert (refused.status, "<script>alert" in refused.html) == (422, False)


async def test_two_session_cookies_are_nobodys(service: AuthService) -> None:
    victim = await insider(service)
    cookies = f"session={victim.cookies['session']}; session={victim.cookies['session']}"
    shown = await Browser(service).get("/account", Cookie=cookies)
    assert shown.location.startswith(SIGN_IN)


async def test_secret_in_a_notice_is_told_to_nobody_who_reads_the_cookie(service: AuthService) -> None:
    browser = await insider(service)
    await browser.send("/account/api-keys", name="backup", scopes="full", days="0")
    notice = browser.cookies["notice"]
    assert "colk" not in notice
    for forged in (notice[:-2], "x", "A" * 80, ""):
        browser.cookies["notice"] = forged
        assert "colk_" not in (await browser.get("/account/api-keys")).html.partition('<ul class="rows">')[0]


async def test_pages_tell_their_address_to_nobody_else(service: AuthService) -> None:
    shown = await Browser(service).get(SIGN_IN)
    assert shown.headers["Referrer-Policy"] == "same-origin"
    assert "visit=" in shown.headers["Set-Cookie"]
    assert "HttpOnly; SameSite=Lax" in shown.headers["Set-Cookie"]
