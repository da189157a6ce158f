"""Uploads that finish whatever happens, in a browser."""

import hashlib
import io
import random
import zipfile
from pathlib import Path

import pytest
from playwright.async_api import FilePayload, Request, Response, expect

from file_service.parts.pages import GERMAN
from shared.web.pages.languages import ENGLISH
from tests.browser.conftest import Looks, Visit
from tests.browser.files import Network, choose, digest_of_stored, drop, is_stored, line, listen, reaches
from tests.browser.person import PASSWORD, Person
from tests.waiting import eventually

_MB = 1_000_000
_FILM = random.Random(1).randbytes(10 * _MB)  # more than a piece
_DIGEST = hashlib.sha256(_FILM).hexdigest()


def _tells_more_than_nothing(answer: Response) -> bool:
    return answer.request.method == "HEAD" and int(answer.headers.get("upload-offset", 0)) > 0


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "film.bin"
    path.write_bytes(_FILM)
    return path


@pytest.fixture
async def ada(visit: Visit) -> Person:
    person = await visit()
    await person.register()
    await person.open("/files")
    return person


async def test_several_files_are_dropped_at_once(ada: Person, looks: Looks) -> None:
    heard = await listen(ada)
    await drop(ada, ("one.bin", 40_000), ("two.bin", 9 * _MB), ("empty.bin", 0), ("Straße & Söhne.bin", 5))
    names = ("one.bin", "two.bin", "empty.bin", "Straße & Söhne.bin")
    for name in names:
        await is_stored(ada, name)

    async def all_are_told() -> bool:
        told = " ".join(await heard())
        return all(f"{name}: stored" in told for name in names)

    await eventually(all_are_told)
    assert (await heard())[0].startswith("4 files: upload begins")  # perhaps with what came in the same moment
    await looks(ada, "files-dropped")
    assert await ada.barriers() == []
    await line(ada, "two.bin").get_by_role("button", name="Open: two.bin").click()
    await ada.page.wait_for_url("**/files/*")
    assert await ada.heading() == "two.bin"
    assert ada.complaints == []


async def test_script_says_sizes_as_the_server_does(visit: Visit) -> None:
    ada = await visit(locale="de-DE")
    await ada.open("/account/register")
    await ada.fill("E-Mail-Adresse", ada.email)
    await ada.fill("Passwort", PASSWORD)
    await ada.press("Konto anlegen")
    await ada.open("/files")
    sizes = (0, 1_000, 1_023, 1_280, 1_536, 150_000, 1_048_575, 1_100_000)
    await drop(ada, *((f"with-{size}.bin", size) for size in sizes))
    for size in sizes:
        told, stored = GERMAN.size(size), ada.page.locator(".files .what", has_text=f"with-{size}.bin")
        await expect(line(ada, f"with-{size}.bin")).to_contain_text(f"{told} · gespeichert", timeout=30_000)
        await expect(stored).to_contain_text(f"{told} · ")


async def test_upload_is_paused_and_resumed(ada: Person, film: Path, looks: Looks) -> None:
    network = await Network.of(ada)
    await network.slow()
    await choose(ada, film)
    await reaches(ada, "film.bin", 25)
    await looks(ada, "files-uploading")
    async with ada.page.expect_response(_tells_more_than_nothing) as asked:
        await ada.page.get_by_role("button", name="Pause: film.bin").click()
        await expect(line(ada, "film.bin")).to_contain_text("paused at")
        assert "paused at 0 B" not in await line(ada, "film.bin").inner_text()
    kept = int((await asked.value).headers["upload-offset"])
    await expect(line(ada, "film.bin")).to_contain_text(f"paused at {ENGLISH.size(kept)} of")
    resume = ada.page.get_by_role("button", name="Resume: film.bin")
    await expect(resume).to_be_focused()
    assert await ada.barriers() == []
    await looks(ada, "files-paused")
    await network.fine()
    await resume.click()
    await is_stored(ada, "film.bin")
    assert await digest_of_stored(ada, "film.bin") == _DIGEST
    assert ada.complaints == []


async def test_upload_goes_on_after_the_network_was_away(ada: Person, film: Path, looks: Looks) -> None:
    network = await Network.of(ada)
    await network.slow()
    await choose(ada, film)
    await reaches(ada, "film.bin", 25)
    heard = await listen(ada)
    await network.away()
    await expect(line(ada, "film.bin")).to_contain_text("The network is away.")
    await expect(ada.page.locator("[data-announcements]")).to_contain_text("film.bin: The network is away.")
    await looks(ada, "files-offline")
    await network.fine()
    await is_stored(ada, "film.bin")
    assert await digest_of_stored(ada, "film.bin") == _DIGEST
    assert sum("is away" in text for text in await heard()) == 1


async def test_upload_goes_on_after_a_reload(ada: Person, film: Path, looks: Looks) -> None:
    """F4: cut in the middle of a piece, and chosen again."""
    network = await Network.of(ada)
    await network.slow()
    await choose(ada, film)
    await reaches(ada, "film.bin", 40)
    offsets: list[int] = []

    def note(request: Request) -> None:
        if request.method == "PATCH":
            offsets.append(int(request.headers["upload-offset"]))

    ada.page.on("request", note)
    await ada.page.reload()
    await network.fine()
    await expect(line(ada, "film.bin")).to_contain_text("unfinished")
    await looks(ada, "files-unfinished")
    assert await ada.barriers() == []
    offsets.clear()
    await choose(ada, film)
    await is_stored(ada, "film.bin")
    await expect(ada.page.locator(".uploads > li")).to_have_count(1)
    assert offsets[0] > 0
    assert await digest_of_stored(ada, "film.bin") == _DIGEST
    await ada.page.reload()
    await expect(ada.page.locator(".uploads > li")).to_have_count(0)


async def test_upload_is_cancelled_and_gives_its_room_back(ada: Person, film: Path) -> None:
    """F10 in spirit."""
    network = await Network.of(ada)
    await network.slow()
    await choose(ada, film)
    await reaches(ada, "film.bin", 10)
    async with ada.page.expect_response(lambda answer: answer.request.method == "DELETE") as ended:
        await ada.page.get_by_role("button", name="Cancel: film.bin").click()
    assert (await ended.value).status == 204
    await expect(ada.page.locator(".uploads > li")).to_have_count(0)
    await expect(ada.page.locator('input[type="file"]')).to_be_focused()
    await network.fine()
    await ada.page.reload()
    await expect(ada.page.locator(".quota")).to_contain_text("0 B of")
    await expect(ada.page.locator(".uploads > li")).to_have_count(0)


async def test_what_is_wrong_is_told_in_words(ada: Person, tmp_path: Path, looks: Looks) -> None:
    large = tmp_path / "large.bin"
    with large.open("wb") as file:
        file.truncate(41 * _MB)
    await choose(ada, large)
    await expect(line(ada, "large.bin")).to_contain_text("It is larger than a file may be.")
    await drop(ada, ("a.bin", 30 * _MB))
    await is_stored(ada, "a.bin")
    await drop(ada, ("b.bin", 30 * _MB))
    await expect(line(ada, "b.bin")).to_contain_text("There isn't room enough for it.")
    await expect(ada.page.locator("[data-announcements]")).not_to_be_empty()
    await looks(ada, "files-refused")
    assert await ada.barriers() == []
    await ada.open("/account")
    await ada.press("Sign out")
    await ada.open("/files")
    assert ada.path == "/account/sign-in?return_to=/files"


_KEPT = "Object.keys(localStorage).filter((each) => each.startsWith('colonnade upload'))"


async def test_what_is_refused_for_good_is_removed_and_leaves_nothing(ada: Person, looks: Looks) -> None:
    """The bytes alone tell an archive bomb, so it had been begun."""
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("zeros", "w") as zeros:
        zeros.write(b"\0")
    raw = bytearray(bomb.getvalue())
    entry = raw.index(b"PK\1\2")
    raw[entry + 24 : entry + 28] = (4_000_000_000).to_bytes(4, "little")  # what it says that it unpacks to
    sent = FilePayload(name="bomb.zip", mimeType="application/zip", buffer=bytes(raw))
    await ada.page.locator('input[type="file"]').set_input_files(sent)
    await expect(line(ada, "bomb.zip")).to_contain_text("The archive")
    remove = line(ada, "bomb.zip").get_by_role("button")
    await expect(remove).to_have_text(["Remove"])
    await expect(remove).not_to_have_class("quiet")
    assert await ada.page.evaluate(_KEPT) == []
    assert await ada.barriers() == []
    await looks(ada, "files-refused-for-good")
    await remove.click()
    await expect(ada.page.locator(".uploads > li")).to_have_count(0)
    await ada.page.locator('input[type="file"]').set_input_files(sent)
    await expect(line(ada, "bomb.zip")).to_contain_text("The archive")
    await ada.page.reload()
    await expect(ada.page.locator(".uploads > li")).to_have_count(0)


async def test_uploads_end_with_the_session_and_say_so(ada: Person) -> None:
    await ada.page.context.clear_cookies()
    await drop(ada, ("a.bin", 100))
    await expect(line(ada, "a.bin")).to_contain_text("You are signed out.")
    other = await ada.page.context.new_page()
    await Person(other, ada.email).sign_in()
    await ada.page.get_by_role("button", name="Try again: a.bin").click()
    await is_stored(ada, "a.bin")


async def test_file_is_chosen_by_keyboard_and_heard_of(ada: Person, film: Path) -> None:
    field = ada.page.locator('input[type="file"]')
    await field.focus()
    assert await ada.page.locator(".target label").evaluate("label => getComputedStyle(label).outlineStyle") == "solid"
    async with ada.page.expect_file_chooser() as chooser:
        await field.press("Enter")
    await (await chooser.value).set_files(film)
    await expect(ada.page.locator("[data-announcements]")).to_contain_text("film.bin: stored", timeout=30_000)
