"""What the manual shows for pages of one's own, run in a page."""

from playwright.async_api import expect

from tests.browser.conftest import Visit
from tests.browser.test_factors import plug_in
from tests.e2e.stack import ROOT


async def test_what_the_manual_shows_adds_a_passkey_and_signs_in_with_it(visit: Visit) -> None:
    manual = (ROOT / "docs" / "auth" / "second-factors.md").read_text(encoding="utf-8")
    shown = next(block for block in manual.split("```js\n")[1:] if "navigator.credentials.create" in block).partition(
        "```"
    )[0]
    ada = await visit()
    await plug_in(ada)
    await ada.register()
    await ada.page.evaluate(f"async () => {{ {shown} }}")
    await ada.open("/account/factors")
    await expect(ada.page.get_by_text("My phone", exact=True)).to_be_visible()
    assert ada.complaints == []
