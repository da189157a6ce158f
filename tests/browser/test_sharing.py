"""Sharing a file, and having files sent, in a browser: its owner here, a stranger there."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.async_api import FilePayload, expect

from tests.browser.conftest import Looks, Visit
from tests.browser.files import choose, drop, is_stored, line
from tests.browser.person import Person

_TEXT = b"What Ada wanted to show.\n" * 40


@pytest.fixture
async def ada(visit: Visit) -> Person:
    """At the page of a file of hers."""
    person = await visit()
    await person.register()
    await person.open("/files")
    notes = FilePayload(name="notes.txt", mimeType="text/plain", buffer=_TEXT)
    await person.page.locator('input[type="file"]').set_input_files(notes)
    await is_stored(person, "notes.txt")
    await person.page.locator(".files h2 a").click()
    await person.page.wait_for_url("**/files/*")
    return person


async def told_link(person: Person) -> str:
    return urlsplit((await person.page.locator(".once .secret").inner_text()).strip()).path


async def test_link_is_made_copied_followed_and_revoked(ada: Person, visit: Visit, looks: Looks) -> None:
    await ada.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await ada.page.get_by_text("Make a link").click()
    assert await ada.barriers() == []
    await looks(ada, "share-dialog")
    await ada.page.get_by_text("For one download").check()
    await ada.fill("Password", "correct horse")
    await ada.press("Make the link")
    await expect(ada.status()).to_have_text("The link is made.")
    await ada.page.get_by_role("button", name="Copy").click()
    await expect(ada.page.get_by_role("button", name="Copied")).to_be_visible()
    link = await told_link(ada)
    assert (await ada.page.evaluate("navigator.clipboard.readText()")).endswith(link)
    assert await ada.barriers() == []
    await looks(ada, "share-made")

    stranger = await visit(phone=True)
    await stranger.open(link)
    await takes_the_one_download(stranger, looks)

    await ada.page.reload()
    await expect(ada.page.locator(".once")).to_have_count(0)
    await expect(ada.page.locator(".rows")).to_contain_text("used")
    await ada.page.locator(".rows button").click()
    await expect(ada.status()).to_have_text("The link is revoked.")
    assert ada.complaints == []


async def takes_the_one_download(stranger: Person, looks: Looks) -> None:
    """By a wrong password first, and then the right one, after which there is nothing left to press."""
    assert await stranger.heading() == "notes.txt"
    await stranger.fill("Password", "wrong horse")
    await stranger.press("Download")
    await expect(stranger.alert()).to_have_text("That isn't the link's password.")
    assert await stranger.barriers() == []
    await looks(stranger, "shared-wrong-password-phone")
    await stranger.fill("Password", "correct horse")
    async with stranger.page.expect_download() as saving:
        await stranger.page.get_by_role("button", name="Download").click()
    saved = await saving.value
    assert saved.suggested_filename == "notes.txt"
    assert Path(await saved.path()).read_bytes() == _TEXT  # noqa: ASYNC240  a few bytes
    await expect(stranger.status()).to_have_text("The download begins. That was this link's one download.")
    await expect(stranger.alert()).to_have_count(0)
    await expect(stranger.page.get_by_role("button")).to_have_count(0)
    await expect(stranger.status()).to_be_focused()
    assert await stranger.barriers() == []
    await looks(stranger, "shared-begun-phone")
    await stranger.page.reload()
    await expect(stranger.page.locator("h1")).to_have_text("This link is used up, or has run out")


async def test_escape_closes_what_a_button_opened(ada: Person) -> None:
    for button in ("Make a link", "Delete this file"):
        panel, summary = ada.page.locator("details", has_text=button), ada.page.locator("summary", has_text=button)
        await summary.press("Enter")
        await expect(panel).to_have_attribute("open", "")
        await ada.page.keyboard.press("Tab")
        await expect(summary).not_to_be_focused()
        await ada.page.keyboard.press("Escape")
        await expect(panel).not_to_have_attribute("open", "")
        await expect(summary).to_be_focused()
    await ada.page.locator("summary", has_text="Make a link").click()
    await ada.fill("Name that it is saved under", "kept.txt")
    await ada.page.keyboard.press("Escape")
    await ada.page.keyboard.press("Enter")
    await expect(ada.page.get_by_label("Name that it is saved under")).to_have_value("kept.txt")
    assert ada.complaints == []


async def test_shared_file_is_opened_in_the_browser(ada: Person, visit: Visit, looks: Looks) -> None:
    for wish in ("", "For one download"):
        await ada.page.get_by_text("Make a link").click()
        await ada.page.get_by_text("To be shown in the browser, too").check()
        if wish:
            await ada.page.get_by_text(wish).check()
        await looks(ada, "share-shown")
        await ada.press("Make the link")
        link = await told_link(ada)
        stranger = await visit(phone=True)
        await stranger.open(link)
        await looks(stranger, f"shared-shown{'-once' * bool(wish)}-phone")
        assert await stranger.barriers() == []
        await stranger.page.get_by_role("button" if wish else "link", name="Open").click()
        await expect(stranger.page.locator("pre")).to_contain_text("What Ada wanted to show.")
    await looks(ada, "shares-shown")


async def test_kinds_that_a_link_takes_are_told_before_and_after(visit: Visit, looks: Looks, tmp_path: Path) -> None:
    ada = await visit()
    await ada.register()
    await ada.open("/files/upload-links")
    await ada.page.get_by_label("What for").select_option("picture")
    await looks(ada, "upload-link-for-pictures")
    await ada.press("Make the link")
    link = await told_link(ada)
    (tmp_path / "notes.txt").write_bytes(_TEXT)
    for window in ({}, {"phone": True, "dark": True}):
        stranger = await visit(**window)
        await stranger.open(link)
        await expect(stranger.page.locator(".hint")).to_contain_text("Allowed: JPEG, PNG, WebP or GIF.")
        await expect(stranger.page.locator('input[type="file"]')).to_have_attribute(
            "accept", "image/jpeg,image/png,image/webp,image/gif"
        )
        await choose(stranger, tmp_path / "notes.txt")
        refused = line(stranger, "notes.txt")
        await expect(refused).to_contain_text("may not be stored. Allowed: JPEG, PNG, WebP or GIF.")
        await expect(refused.get_by_role("button")).to_have_text(["Remove"])
        assert await stranger.barriers() == []
        await looks(stranger, f"drop-refused{'-phone-dark' * bool(window)}")


async def test_link_with_a_password_can_be_used_again_and_forgets_the_wrong_one(ada: Person, visit: Visit) -> None:
    await ada.page.get_by_text("Make a link").click()
    await ada.fill("Password", "correct horse")
    await ada.press("Make the link")
    stranger = await visit()
    await stranger.open(await told_link(ada))
    await stranger.fill("Password", "wrong horse")
    await stranger.press("Download")
    await expect(stranger.page.get_by_label("Password", exact=True)).to_have_attribute("aria-invalid", "true")
    for _ in range(2):
        await stranger.fill("Password", "correct horse")
        async with stranger.page.expect_download():
            await stranger.page.get_by_role("button", name="Download").click()
        await expect(stranger.status()).to_have_text("The download begins.")
        await expect(stranger.page.locator(".wrong, [aria-invalid], .fault")).to_have_count(0)
    assert stranger.complaints == []


async def test_plain_link_is_a_download_that_can_be_resumed(ada: Person, visit: Visit, looks: Looks) -> None:
    await ada.page.get_by_text("Make a link").click()
    await ada.press("Make the link")
    stranger = await visit(dark=True)
    await stranger.open(await told_link(ada))
    await looks(stranger, "shared-dark")
    assert await stranger.barriers() == []
    async with stranger.page.expect_download() as saving:
        await stranger.page.get_by_role("link", name="Download").click()
    assert Path(await (await saving.value).path()).read_bytes() == _TEXT  # noqa: ASYNC240  a few bytes
    assert stranger.complaints == []


_NEAREST = """
() => {
  const boxes = [...document.querySelectorAll("main button")].map((each) => each.getBoundingClientRect());
  const shown = boxes.filter((each) => each.width);
  const beside = (one, two) => Math.max(two.left - one.right, one.left - two.right);
  const below = (one, two) => Math.max(two.top - one.bottom, one.top - two.bottom);
  const gap = (one, two) => Math.max(beside(one, two), below(one, two));
  return Math.min(...shown.flatMap((one, at) => shown.slice(at + 1).map((two) => gap(one, two))));
}
"""


async def nearest_buttons(person: Person) -> float:
    """Return how many pixels are between the two buttons that are nearest to each other."""
    gap: float = await person.page.evaluate(_NEAREST)
    return gap


async def test_file_is_renamed_published_and_deleted(ada: Person, looks: Looks) -> None:
    await ada.fill("Name", "better.txt")
    await ada.press("Rename")
    assert await ada.heading() == "better.txt"
    await ada.press("Publish")
    await expect(ada.page.locator(".lead .tag")).to_have_text("public")
    await expect(ada.page.get_by_role("button", name="Copy")).to_be_visible()
    assert await nearest_buttons(ada) >= 8
    await looks(ada, "file-public")
    address = urlsplit(await ada.page.locator(".secret").inner_text()).path
    answer = await ada.page.request.get(address, headers={"Cookie": ""})
    assert await answer.body() == _TEXT
    await ada.press("Make it private")
    await expect(ada.page.locator(".lead .tag")).to_have_count(0)
    await ada.page.get_by_text("Delete this file").click()
    await ada.press("Delete it for good")
    assert ada.path == "/files"
    assert ada.complaints == []


async def test_stranger_sends_files_with_and_without_scripts(visit: Visit, looks: Looks) -> None:
    ada = await visit()
    await ada.register()
    await ada.open("/files/upload-links")
    await ada.fill("Note", "The photos of our trip, please")
    await ada.press("Make the link")
    link = await told_link(ada)
    assert await ada.barriers() == []
    await looks(ada, "upload-link-made")

    stranger = await visit()
    await stranger.open(link)
    await looks(stranger, "drop")
    assert await stranger.barriers() == []
    await drop(stranger, ("one.bin", 1_000_000), ("two.bin", 10))
    for name in ("one.bin", "two.bin"):
        await expect(line(stranger, name)).to_contain_text("stored")
    await expect(stranger.page.locator("dl")).to_contain_text("8")
    await looks(stranger, "drop-done")
    assert await stranger.barriers() == []
    assert stranger.complaints == []

    plain = await visit(scripts=False, phone=True, dark=True)
    await plain.open(link)
    notes = FilePayload(name="three.txt", mimeType="text/plain", buffer=b"three")
    await plain.page.locator('input[type="file"]').set_input_files(notes)
    await plain.press("Upload")
    await expect(plain.status()).to_have_text("Thank you, the file has arrived.")
    await looks(plain, "drop-plain-phone-dark")

    await ada.open("/files")
    for name in ("one.bin", "two.bin", "three.txt"):
        await expect(ada.page.locator(".files")).to_contain_text(name)
    await ada.open("/files/upload-links")
    await expect(ada.page.locator(".rows")).to_contain_text("3 of 10 files")
    await ada.page.locator(".rows button").click()
    await expect(ada.status()).to_contain_text("The link is revoked.")
    await choose(stranger, Path(__file__))
    await expect(line(stranger, "test_sharing.py")).to_contain_text("The link is no longer good.")
