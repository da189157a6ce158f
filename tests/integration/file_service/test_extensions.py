"""A name whose extension contradicts the content is refused, whichever way it comes, and leaves nothing behind."""

from collections.abc import Mapping
from pathlib import Path
from uuid import UUID

import aiohttp
import pytest

from shared.ids import uuid7
from tests.integration.file_service.conftest import SMALL
from tests.integration.file_service.links import Stranger, drop_of, upload_link
from tests.integration.file_service.running_service import Person, RunningService, running_service
from tests.integration.file_service.uploading import BYTES, Uploader, checksum, code, metadata, usage
from tests.stores import Databases

HTML = b"<!doctype html><script>alert(1)</script>"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)
LONG = HTML + b"x" * 20_000
REFUSED = (422, "extension_mismatch")


async def told(response: aiohttp.ClientResponse) -> tuple[int, str]:
    return response.status, await code(response)


def form(content: bytes, name: str) -> aiohttp.FormData:
    fields = aiohttp.FormData()
    fields.add_field("file", content, filename=name, content_type="application/pdf")
    return fields


async def rename(person: Person, file_id: str, name: str) -> aiohttp.ClientResponse:
    return await person.client.patch(f"/v1/files/{file_id}", json={"name": name}, headers=person.headers)


async def test_bytes_alone_and_form_are_refused(service: RunningService, ada: Person) -> None:
    assert await told(await ada.post(HTML, name="invoice.pdf")) == REFUSED
    assert await told(await ada.post(LONG, name="invoice.pdf")) == REFUSED
    assert await told(await ada.post(form(HTML, "invoice.pdf"))) == REFUSED
    assert await told(await ada.post(form(HTML, "a.txt"), name="invoice.pdf ")) == REFUSED
    await service.settled(blobs=0)


async def test_refusal_says_what_to_do(ada: Person) -> None:
    answer = await (await ada.post(HTML, name="invoice.pdf")).json()
    assert answer["detail"] == "The name ends in .pdf, and the content is text/html: name it for what it is."


async def test_what_comes_by_an_upload_link_is_refused(service: RunningService, ada: Person) -> None:
    stranger, link = Stranger(service), await upload_link(ada)
    assert await told(await stranger.ask("POST", drop_of(link), data=form(HTML, "photo.jpg"))) == REFUSED
    assert (await stranger.ask("POST", drop_of(link), data=form(HTML, "photo.html"))).status == 201


@pytest.mark.parametrize("content", [HTML, LONG], ids=["short", "longer than the head"])
@pytest.mark.parametrize("headers", [{}, checksum(b"")], ids=["plain", "with a checksum"])
async def test_resumable_upload_ends_by_it(
    service: RunningService, ada: Person, uploader: Uploader, content: bytes, headers: Mapping[str, str]
) -> None:
    upload = await uploader.begin(len(content), **metadata(filename="photo.jpg"))
    sums = checksum(content) if headers else {}
    assert await told(await upload.patch(content, 0, **sums)) == REFUSED
    assert (await upload.ask("HEAD")).status == 410
    assert (await usage(ada))["reserved"] == 0
    await service.settled(blobs=0)


async def test_parts_can_be_joined_under_another_name(uploader: Uploader) -> None:
    part = uploader.at(await uploader.post(HTML, **BYTES, Upload_Length=str(len(HTML)), Upload_Concat="partial"))
    assert await told(await uploader.concatenate([part], **metadata(filename="photo.jpg"))) == REFUSED
    assert (await uploader.concatenate([part], **metadata(filename="photo.html"))).status == 201


async def test_rename_is_held_to_it_too(ada: Person) -> None:
    """Else it would be the way around."""
    page = await ada.upload(HTML, "page.html")
    assert await told(await rename(ada, page["id"], "page.pdf")) == REFUSED
    assert (await rename(ada, page["id"], "page.txt")).status == 200
    assert (await rename(ada, page["id"], "page")).status == 200


async def test_file_of_before_keeps_its_extension(service: RunningService, ada: Person) -> None:
    page = await ada.upload(HTML, "page.html")
    await service.fetch("update files.file set name = 'page.pdf' where file_id = $1", UUID(page["id"]))
    assert (await rename(ada, page["id"], "another.PDF")).status == 200
    assert await told(await rename(ada, page["id"], "another.jpg")) == REFUSED


async def test_nothing_at_all_contradicts_no_name(ada: Person) -> None:
    empty = await ada.upload(b"", "report.docx")
    assert (await rename(ada, empty["id"], "report.pdf")).status == 200


async def test_picture_under_another_pictures_extension_is_stored(ada: Person) -> None:
    assert (await ada.upload(PNG, "saved.jpg"))["content_type"] == "image/png"


async def test_purpose_may_let_names_be(databases: Databases, tmp_path: Path) -> None:
    (file := tmp_path / "purposes.toml").write_text("[mirror]\nany_extension = true\n")
    settings = SMALL | {"FILE_PURPOSES_FILE": str(file)}
    async with databases.clone("file_service") as urls, running_service(urls, tmp_path, **settings) as service:
        ada = service.person(uuid7())
        stored = await ada.post(HTML, name="a.pdf", purpose="mirror")
        assert stored.status == 201
        assert (await rename(ada, (await stored.json())["id"], "a.jpg")).status == 200
        assert await told(await ada.post(HTML, name="a.pdf")) == REFUSED
