"""The status page as an operator sees it, at a desk and on a phone."""

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Looks, Visit
from tests.browser.test_looks import WINDOWS
from tests.e2e.stack import Stack

LIVE = ".live:not(.lost)"


@pytest.mark.parametrize("window", WINDOWS, ids=str)
async def test_status_page_keeps_nobody_out(visit: Visit, looks: Looks, stack: Stack, window: dict[str, bool]) -> None:
    person = await visit(**window)
    await person.open(f"{stack.private['gateway']}/status")
    await expect(person.page.locator(LIVE)).to_be_visible()  # it has renewed itself
    await looks(person, "-".join(["status", *sorted(window)]))
    assert await person.barriers() == []
    assert not await person.overflows()
    await person.page.set_viewport_size({"width": 320, "height": 600})
    assert not await person.overflows()
    assert person.complaints == []


async def test_status_page_renews_itself(visit: Visit, stack: Stack) -> None:
    person = await visit()
    await person.open(f"{stack.private['gateway']}/status")
    first = await person.page.locator("time").inner_text()
    await expect(person.page.locator("time")).not_to_have_text(first)
    await expect(person.page.locator("article.program.ready")).to_have_count(4)


async def test_status_page_says_when_the_gateway_does_not_answer(visit: Visit, stack: Stack) -> None:
    person = await visit()
    await person.open(f"{stack.private['gateway']}/status")
    await person.page.context.set_offline(True)
    await expect(person.page.locator(".live.lost")).to_have_text("No answer")


async def test_status_page_is_whole_without_scripts(visit: Visit, stack: Stack) -> None:
    person = await visit(scripts=False)
    await person.open(f"{stack.private['gateway']}/status")
    await expect(person.page.locator("article.tile svg .line")).to_have_count(7)
