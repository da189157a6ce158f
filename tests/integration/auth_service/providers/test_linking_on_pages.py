"""Linked accounts, as a browser without scripts meets them on the page."""

import re
from html import unescape

from tests.integration.auth_service import browsing
from tests.integration.auth_service.people import Person
from tests.integration.auth_service.providers.browser import Browser, visit
from tests.integration.auth_service.world import AuthService
from tests.integration.pages_read import Shown

PAGE = "/account/identities"
LINK = f"{PAGE}/peer/link"
GO_ON = re.compile(r'<a class="button" href="([^"]+)"')


async def signed_in(service: AuthService) -> tuple[browsing.Browser, Person]:
    pages = browsing.Browser(service)
    person = await service.register("ada@example.org")
    assert (await pages.sign_in(person.email)).location == "/account"
    return pages, person


async def way_out(pages: browsing.Browser) -> str:
    """Ask on the page to link the peer, and return the address that its link leads to."""
    found = GO_ON.search((await pages.follow(await pages.send(PAGE, LINK))).html)
    assert found
    return unescape(found[1])


async def come_back(pages: browsing.Browser, address: str) -> Shown:
    """Follow the provider's way back, in the same browser; it shows the page that the person began at."""
    browser = Browser(pages.service, dict(pages.cookies))
    reply = await browser.go(address)
    pages.cookies = browser.cookies
    return await pages.get(reply.headers["Location"])


async def test_provider_is_linked_and_unlinked_on_the_page(service: AuthService) -> None:
    pages, _ = await signed_in(service)
    shown = await come_back(pages, await visit(await way_out(pages)))
    (unlink,) = [action for action in shown.forms if action.endswith("/unlink")]
    assert "None is linked." not in shown.text
    assert "None is linked." in (await pages.follow(await pages.send(PAGE, unlink))).text
    activity = (await pages.get("/account/activity")).text
    for what in ("added", "removed"):
        assert f"A linked account was {what}: The peer" in activity


async def test_page_links_nothing_for_a_browser_that_did_not_begin(service: AuthService) -> None:
    """A14: a way back that is sent to somebody else ties nothing to anybody's account."""
    pages, _ = await signed_in(service)
    address = await visit(await way_out(pages))
    reply = await Browser(service).go(address)
    assert reply.status == 400
    assert "None is linked." in (await pages.get(PAGE)).text


async def test_page_asks_for_a_fresh_proof_before_it_links(service: AuthService) -> None:
    pages, person = await signed_in(service)
    await service.admin.execute(
        "update auth.session set authenticated_at = now() - interval '1 hour' where user_id = $1", person.user_id
    )
    asked = await pages.send(PAGE, LINK)
    assert (asked.status, asked.location.partition("?")[0]) == (303, "/account/step-up")


async def test_page_keeps_the_last_way_in(service: AuthService) -> None:
    pages, person = await signed_in(service)
    shown = await come_back(pages, await visit(await way_out(pages)))
    (unlink,) = [action for action in shown.forms if action.endswith("/unlink")]
    await service.admin.execute("update auth.account set password_hash = null where user_id = $1", person.user_id)
    refused = await pages.send(PAGE, unlink)
    assert refused.status == 409
    assert unlink in (await pages.get(PAGE)).forms
