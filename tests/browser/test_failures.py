"""Pages of failures in a browser: what a person reads there, and how they go on."""

import pytest
from playwright.async_api import Route, expect

from shared.errors import Unavailable
from shared.web.pages.problems import Asked
from shared.web.problem import render_problem
from tests.browser.conftest import Looks, Visit
from tests.browser.person import PASSWORD


@pytest.mark.parametrize("kind", [{}, {"dark": True, "phone": True}], ids=["light", "dark-phone"])
async def test_page_of_a_failure_leads_on(visit: Visit, looks: Looks, kind: dict[str, bool]) -> None:
    person = await visit(**kind)
    await person.open("/account/sign-in")
    await person.open("/s/nothing")
    assert await person.heading() == "There is nothing here"
    assert await person.barriers() == []
    assert not await person.overflows()
    await looks(person, f"failure-{'-'.join(kind)}")
    await person.press("Go back")
    assert person.path == "/account/sign-in"
    assert person.complaints == []


async def test_page_of_a_failure_is_whole_without_scripts(visit: Visit) -> None:
    person = await visit(scripts=False)
    await person.open("/s/nothing")
    await expect(person.page.get_by_role("button")).to_have_count(0)
    await person.follow("To the front page")
    assert person.path == "/"


async def test_form_that_was_held_up_is_sent_again_as_it_was_filled_in(visit: Visit, looks: Looks) -> None:
    person = await visit()
    asked = Asked("/account/register", "text/html", "en", "POST")
    held_up = render_problem(Unavailable(retry_after=90), asked, request_id="request-1")

    held: list[str | None] = []

    async def hold_up(route: Route) -> None:
        if route.request.method != "POST" or held:
            return await route.continue_()
        held.append(route.request.post_data)
        return await route.fulfill(status=503, headers=dict(held_up.headers), body=held_up.body)

    await person.page.route("**/account/register", hold_up)
    await person.open("/account/register")
    await person.fill("Email address", person.email)
    await person.fill("Password", PASSWORD)
    await person.press("Make the account")
    await expect(person.page.get_by_role("main")).to_contain_text("Wait 90 seconds")
    await looks(person, "failure-form")
    assert await person.barriers() == []
    assert len(held) == 1
    await person.press("Send it again")
    assert person.path == "/account"
