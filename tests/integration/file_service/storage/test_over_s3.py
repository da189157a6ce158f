"""The service over HTTP with its files in a real S3 server: uploads, downloads, deletion, faults."""

import hashlib
import os
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import FormData

from shared.ids import uuid7
from tests.fault_proxy import FaultProxy, fault_proxy
from tests.integration.file_service.running_service import Person, RunningService, running_service
from tests.integration.file_service.storage.opening import listed, open_objects
from tests.integration.file_service.uploading import Uploader
from tests.s3_server import S3Server
from tests.stores import Databases
from tests.waiting import eventually

pytestmark = pytest.mark.s3
LONG = 9_000_000


@pytest.fixture(scope="session")
async def proxy(s3_server: S3Server) -> AsyncIterator[FaultProxy]:
    async with fault_proxy(s3_server.url) as running:
        yield running


@pytest.fixture(scope="session")
async def stored_at(s3_server: S3Server, proxy: FaultProxy) -> dict[str, str]:
    return s3_server.environ("files", f"http/{secrets.token_hex(8)}", proxy.url)


@pytest.fixture(scope="session")
async def s3_service(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory, stored_at: dict[str, str]
) -> AsyncIterator[RunningService]:
    folder = tmp_path_factory.mktemp("s3")
    environ = {**stored_at, "FILES_ROOT": "", "FILES_STORAGE_TIMEOUT": "1"}
    async with databases.clone("file_service") as urls, running_service(urls, folder, **environ) as running:
        yield running


@pytest.fixture
async def service(s3_service: RunningService, proxy: FaultProxy) -> AsyncIterator[RunningService]:
    yield s3_service
    proxy.fault = lambda _line: ""


@pytest.fixture
def ada(service: RunningService) -> Person:
    return service.person(uuid7())


async def blobs(server: S3Server, stored_at: dict[str, str], spool: Path) -> set[str]:
    async with open_objects(server, spool, FILES_STORAGE=stored_at["FILES_STORAGE"]) as storage:
        return {each.name for each in await listed(storage)}


@pytest.mark.parametrize("size", [0, 1000, LONG])
async def test_an_uploaded_file_comes_back_whole_and_in_part(ada: Person, size: int) -> None:
    content = os.urandom(size)
    view = await ada.upload(content)
    assert (view["size"], view["sha256"]) == (size, hashlib.sha256(content).hexdigest())
    whole = await ada.content(view["id"])
    assert (whole.status, await whole.read()) == (200, content)
    assert whole.headers["ETag"] == f'"{view["sha256"]}"'
    if size:
        part = await ada.content(view["id"], Range="bytes=100-599")
        assert (part.status, await part.read()) == (206, content[100:600])
        assert (await ada.content(view["id"], If_None_Match=whole.headers["ETag"])).status == 304


async def test_a_reader_asks_only_for_the_pieces_that_it_comes_to(ada: Person, proxy: FaultProxy) -> None:
    content = os.urandom(50_000)
    upload = await Uploader(ada).begin(len(content))
    for start in range(0, len(content), 10_000):
        last = await upload.add(content[start : start + 10_000], start)
    path = f"{last.headers['Content-Location']}/content"
    for wanted, pieces in (("0-0", 1), ("9999-10000", 2), ("0-", 5)):
        proxy.seen.clear()
        answer = await ada.get(path, {"Range": f"bytes={wanted}"})
        first, last_byte = (int(number) for number in answer.headers["Content-Range"][6:].split("/")[0].split("-"))
        assert await answer.read() == content[first : last_byte + 1]
        asked = [line.split()[0] for line in proxy.seen if "/blobs/" in line]
        assert asked == ["HEAD", "GET"] * pieces


async def test_a_form_is_stored(ada: Person) -> None:
    form = FormData()
    form.add_field("file", b"content", filename="a.txt", content_type="text/plain")
    view = await (await ada.post(form)).json()
    assert (view["name"], view["content_type"]) == ("a.txt", "text/plain")
    assert await (await ada.content(view["id"])).read() == b"content"


async def test_a_deleted_file_is_gone_from_the_store(
    service: RunningService, ada: Person, s3_server: S3Server, stored_at: dict[str, str], tmp_path: Path
) -> None:
    view = await ada.upload(b"content")
    (row,) = await service.fetch("select storage_key from files.blob where holder_id = $1::uuid", view["id"])
    key = row["storage_key"]
    assert key in await blobs(s3_server, stored_at, tmp_path)
    assert await ada.delete(view["id"]) == 204
    assert (await ada.content(view["id"])).status == 404

    async def gone() -> bool:
        return key not in await blobs(s3_server, stored_at, tmp_path)

    await eventually(gone)


@pytest.mark.parametrize(("fault", "told"), [
    ("500", (503, "unavailable")), ("hang", (503, "unavailable")), ("507", (507, "insufficient_storage")),
])  # fmt: skip
async def test_a_store_that_fails_is_told_and_nothing_is_half_made(
    service: RunningService, ada: Person, proxy: FaultProxy, fault: str, told: tuple[int, str]
) -> None:
    """F19: disk full, S3 500 or hang -> 507/503; no metadata without a blob; recovery without a restart."""
    kept = await ada.upload(b"kept")
    proxy.fault = lambda _line: fault
    for size in (10, LONG):
        answer = await ada.post(os.urandom(size))
        assert (answer.status, (await answer.json())["code"]) == told
    if fault != "507":
        assert (await ada.content(kept["id"])).status == 503
    assert (await service.private.get("/readyz")).status == 503
    assert [each["id"] for each in (await (await ada.get("/v1/files")).json())["items"]] == [kept["id"]]

    proxy.fault = lambda _line: ""
    assert (await service.private.get("/readyz")).status == 200
    assert await (await ada.content(kept["id"])).read() == b"kept"
    await ada.upload(b"x")
    (owner,) = await service.fetch("select bytes from files.owner where owner_id = $1", ada.user_id)
    assert owner["bytes"] == 5


async def test_a_file_whose_blob_the_store_lost_is_our_fault(
    service: RunningService, ada: Person, s3_server: S3Server, stored_at: dict[str, str], tmp_path: Path
) -> None:
    view = await ada.upload(b"content")
    (row,) = await service.fetch("select storage_key from files.blob where holder_id = $1::uuid", view["id"])
    async with open_objects(s3_server, tmp_path, FILES_STORAGE=stored_at["FILES_STORAGE"]) as storage:
        await storage.delete(row["storage_key"])
    assert (await ada.content(view["id"])).status == 500
