"""How a person shows themselves to others, in a browser."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Looks, Visit
from tests.browser.files import choose, picture


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
async def test_profile_gets_a_name_and_a_picture(visit: Visit, looks: Looks, tmp_path: Path, *, scripts: bool) -> None:
    ada = await visit(scripts=scripts)
    await ada.register()
    await ada.page.get_by_role("navigation").get_by_role("link", name="Profile").click()
    assert await ada.heading() == "Profile"
    await ada.fill("Display name", "Ada Lovelace")
    await ada.fill("About you", "Counts.\nAnd writes.")
    await ada.press("Save")
    await expect(ada.status()).to_have_text("Your profile is saved.")
    await expect(ada.page.get_by_label("About you")).to_have_value("Counts.\nAnd writes.")

    await ada.follow("Choose a picture")
    (tmp_path / "me.png").write_bytes(picture())
    await choose(ada, tmp_path / "me.png")
    await ada.press("Upload")
    assert ada.path.startswith("/account/profile?picture=")
    await looks(ada, f"profile-offered{'' if scripts else '-plain'}")
    await ada.press("Use this picture")
    await expect(ada.status()).to_have_text("You are shown by this picture now.")
    shown = ada.page.get_by_role("img", name="Your picture")
    if scripts:
        await ada.page.wait_for_function("document.querySelector('.portrait img').naturalWidth === 256")
    await looks(ada, f"profile-filled{'' if scripts else '-plain'}")
    await ada.page.get_by_role("button", name="Remove it: Your picture").click()
    await expect(shown).to_have_count(0)
    assert ada.complaints == []


async def test_two_windows_do_not_undo_each_other(visit: Visit, looks: Looks) -> None:
    ada = await visit(phone=True)
    await ada.register()
    await ada.open("/account/profile")
    other = await ada.page.context.new_page()
    await other.goto("/account/profile")
    await other.get_by_label("Display name", exact=True).fill("Augusta")
    async with other.expect_navigation():
        await other.get_by_role("button", name="Save", exact=True).click()

    await ada.fill("Display name", "Ada Lovelace")
    await ada.press("Save")
    await expect(ada.alert()).to_have_text("The profile was changed elsewhere meanwhile.")
    await expect(ada.page.get_by_role("region", name="What is saved now")).to_contain_text("Augusta")
    await expect(ada.page.get_by_label("Display name", exact=True)).to_have_value("Ada Lovelace")
    assert await ada.barriers() == []
    assert not await ada.overflows()
    await looks(ada, "profile-stale-phone")
    await ada.press("Save")
    await expect(ada.status()).to_have_text("Your profile is saved.")
    assert ada.complaints == []
