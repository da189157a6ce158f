"""What a person does with their files, in a browser."""

from playwright.async_api import expect

from tests.browser.conftest import Looks, Visit


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
