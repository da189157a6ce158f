"""Every page, light and dark, wide and narrow: nothing in it keeps anybody out, and a screenshot is kept to look at."""

import io
import wave
from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import expect

from auth_service.routes.pages import PAGES as AUTH_PAGES
from file_service.routes.pages import PAGES as FILE_PAGES
from tests.browser.conftest import Looks, Visit
from tests.browser.files import choose, is_stored, picture
from tests.browser.person import Person
from tests.e2e.stack import Stack
from tests.waiting import eventually
from user_service.pages.routes import PAGES as USER_PAGES

_SHOWN = [
    route
    for route in (*AUTH_PAGES, *FILE_PAGES, *USER_PAGES)
    if route.method == "GET" and route.page is not None and "{" not in route.path
]
OUTSIDE = [route.path for route in _SHOWN if route.page and not route.page.signed_in] + ["/", "/nowhere"]
INSIDE = [route.path for route in _SHOWN if route.page and route.page.signed_in]
WINDOWS = [{"dark": False}, {"dark": True}, {"phone": True}, {"phone": True, "dark": True}]


def _recording() -> bytes:
    """Return a second of silence."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(16_000))
    return file.getvalue()


SAMPLES = {
    "the minutes of a meeting that went on for so long that its name does too, 2026-11-25.txt": b"Present: all.\n" * 30,
    "picture.png": picture(),
    "recording.wav": _recording(),
    "page.html": b"<html><script>alert(1)</script></html>",
    "archive.zip": b"PK\x05\x06" + bytes(18),
}


def _name(path: str, window: dict[str, bool]) -> str:
    kinds = [kind for kind, wanted in window.items() if wanted]
    return "-".join([path.strip("/").replace("/", "-") or "front", *sorted(kinds)])


async def _examine(person: Person, path: str, window: dict[str, bool], looks: Looks) -> None:
    await person.open(path)
    await looks(person, _name(path, window))
    assert await person.barriers() == []
    assert not await person.overflows()
    await person.page.set_viewport_size({"width": 320, "height": 600})
    assert not await person.overflows()
    assert person.complaints == []


@pytest.mark.parametrize("window", WINDOWS, ids=lambda window: _name("", window))
async def test_pages_before_signing_in_are_open_to_everybody(
    visit: Visit, looks: Looks, window: dict[str, bool]
) -> None:
    person = await visit(**window)
    for path in OUTSIDE:
        await _examine(person, path, window, looks)
        await person.page.set_viewport_size({"width": 375 if window.get("phone") else 1280, "height": 800})


@pytest.mark.parametrize("window", WINDOWS, ids=lambda window: _name("", window))
async def test_pages_inside_are_open_to_everybody(visit: Visit, looks: Looks, window: dict[str, bool]) -> None:
    person = await visit(**window)
    await person.register()
    for path in INSIDE:
        await _examine(person, path, window, looks)
        await person.page.set_viewport_size({"width": 375 if window.get("phone") else 1280, "height": 800})


async def test_pages_of_mailed_links_are_open_to_everybody(visit: Visit, looks: Looks, stack: Stack) -> None:
    """The pages above have a link that is good no more; this one still is."""
    person = await visit(phone=True)
    await person.register()
    async with aiohttp.ClientSession() as session:

        async def caught() -> list[dict[str, list[str]]]:
            async with session.get(f"{stack.mail}/mails.json", params={"to": person.email}) as response:
                found: list[dict[str, list[str]]] = await response.json()
                return found

        (mail,) = await eventually(caught)
    (link,) = [each for each in mail["links"] if "token=" in each]
    await person.open(link)
    await looks(person, "account-verify-good-phone")
    assert await person.barriers() == []
    assert not await person.overflows()
    await person.press("Confirm it")
    await expect(person.status()).to_have_text("Your address is confirmed.")


@pytest.mark.parametrize("window", WINDOWS, ids=lambda window: _name("", window))
async def test_files_are_open_to_everybody(visit: Visit, looks: Looks, window: dict[str, bool], tmp_path: Path) -> None:
    person = await visit(**window)
    await person.register()
    await person.open("/files")
    for name, content in SAMPLES.items():
        (tmp_path / name).write_bytes(content)
    await choose(person, *(tmp_path / name for name in SAMPLES))
    for name in SAMPLES:
        await is_stored(person, name)
    await _examine(person, "/files", window, looks)
    links = await person.page.locator(".files h2 a").all()
    paths = [(await link.inner_text(), await link.get_attribute("href")) for link in links]
    for name, path in paths:
        await person.page.set_viewport_size({"width": 375 if window.get("phone") else 1280, "height": 800})
        await person.open(path or "")
        await looks(person, f"file-{name.partition('.')[2]}{_name('', window).removeprefix('front')}")
        assert await person.barriers() == []
        assert not await person.overflows()
        assert person.complaints == []
