"""What a person does with their files, in a browser."""

from pathlib import Path

from playwright.async_api import expect

from tests.browser.conftest import Looks, Visit
from tests.browser.files import choose, is_stored, picture


async def test_file_is_uploaded_looked_at_and_deleted_without_scripts(visit: Visit, looks: Looks) -> None:
    ada = await visit(scripts=False)
    await ada.register()
    await ada.open("/files")
    assert await ada.heading() == "Files"
    await looks(ada, "files-empty-plain")
    await ada.page.get_by_label("A file to upload").set_input_files(
        {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"first line\n<b>second</b>\n"}
    )
    await ada.press("Upload")
    await expect(ada.status()).to_have_text("The file is stored.")
    await ada.follow("notes.txt")
    await expect(ada.page.locator("pre")).to_contain_text("<b>second</b>")
    await looks(ada, "files-one-plain")
    await ada.page.get_by_text("Delete this file").click()
    await ada.press("Delete it for good")
    await expect(ada.status()).to_have_text("The file is deleted.")
    assert ada.path == "/files"
    assert ada.complaints == []


async def test_file_that_is_too_large_is_told_without_scripts(visit: Visit, tmp_path: Path) -> None:
    """G32: the answer comes before the file has been sent, and is seen all the same."""
    ada = await visit(scripts=False)
    await ada.register()
    await ada.open("/files")
    large = tmp_path / "large.bin"
    with large.open("wb") as file:
        file.truncate(45_000_000)
    await choose(ada, large)
    await ada.press("Upload")
    await expect(ada.alert()).to_contain_text("The file is larger than a file may be.")
    assert ada.path == "/files"


async def test_tus_client_can_be_used_by_other_pages(visit: Visit) -> None:
    ada = await visit()
    await ada.register()
    page = await ada.page.evaluate("""
      async () => {
        const { Memory, Upload } = await import("/assets/tus.js");
        const seen = [];
        const upload = new Upload(new File(["hello"], "a.txt"), "/v1/files/uploads", new Memory("ada"),
          (it) => seen.push(it.state));
        await upload.run();
        return [upload.page, seen.at(-1)];
      }
    """)
    assert page[1] == "done"
    await ada.open(f"/files/{page[0]}")
    assert await ada.heading() == "a.txt"


async def test_picture_is_shown_in_the_list_and_on_its_page(visit: Visit, tmp_path: Path) -> None:
    """As soon as it is stored, too; what is no picture keeps the drawing of its kind."""
    ada = await visit()
    await ada.register()
    await ada.open("/files")
    (tmp_path / "sea.png").write_bytes(picture())
    (tmp_path / "broken.png").write_bytes(picture()[:60])
    await choose(ada, tmp_path / "sea.png", tmp_path / "broken.png")
    for name in ("sea.png", "broken.png"):
        await is_stored(ada, name)
    shown = "name => [...document.querySelectorAll(name)].filter((each) => each.naturalWidth > 0).length === 1"
    await ada.page.wait_for_function(shown, arg=".thumb img")
    await expect(ada.page.locator(".thumb img")).to_have_count(1)
    await ada.page.reload()
    await ada.page.wait_for_function(shown, arg=".thumb img")
    await expect(ada.page.locator(".thumb img")).to_have_count(1)
    await ada.page.locator(".files h2 a", has_text="sea.png").click()
    await ada.page.wait_for_url("**/files/*")
    await ada.page.wait_for_function(shown, arg=".preview img")
