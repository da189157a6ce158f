"""The API's reference, whose colours are another project's."""

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Looks, Visit
from tests.browser.test_looks import WINDOWS


@pytest.mark.parametrize("window", WINDOWS[:2], ids=str)
async def test_reference_can_be_read(visit: Visit, looks: Looks, window: dict[str, bool]) -> None:
    person = await visit(**window)
    await person.open("/docs")
    await expect(person.page.locator(".opblock").first).to_be_visible()
    await looks(person, "-".join(["docs", *sorted(window)]))
    assert [each for each in await person.barriers() if each.startswith("color-contrast")] == []
