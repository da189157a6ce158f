"""The catcher's page, where mails appear as they come."""

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Looks, Visit
from tests.browser.test_looks import WINDOWS
from tests.e2e.stack import Stack


@pytest.mark.parametrize("window", WINDOWS, ids=str)
async def test_caught_mail_keeps_nobody_out_and_appears_by_itself(
    visit: Visit, looks: Looks, stack: Stack, window: dict[str, bool]
) -> None:
    reader, writer = await visit(**window), await visit()
    await reader.open(stack.mail)
    await writer.register()
    await expect(reader.page.locator("#list li").first).to_contain_text(writer.email)
    await expect(reader.status()).not_to_be_empty()
    await expect(reader.page.locator("meta[http-equiv]")).to_have_count(0)
    assert await reader.barriers() == []
    assert not await reader.overflows()
    await looks(reader, "-".join(["mail", *sorted(window)]))
    assert reader.complaints == []


async def test_caught_mail_is_whole_without_scripts(visit: Visit, stack: Stack) -> None:
    reader = await visit(scripts=False)
    await reader.open(stack.mail)
    await reader.follow("Look again")
    await expect(reader.page.locator("h1")).to_have_text("Caught mail")
