import asyncio
import base64
import hashlib
import os
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from shared.ids import uuid7
from tests.integration.file_service.raw import open_raw, request_head
from tests.integration.file_service.running_service import Person, RunningService, running_service
from tests.stores import DatabaseUrls
from tests.waiting import eventually

CONTENT = os.urandom(600_000)
SHA256 = hashlib.sha256(CONTENT)
ETAG = f'"{SHA256.hexdigest()}"'


def open_blobs(service: RunningService) -> int:
    """Count the blobs, deleted ones as well, that the process holds open."""
    links = []
    for descriptor in Path("/proc/self/fd").iterdir():
        try:
            links.append(str(descriptor.readlink()))
        except FileNotFoundError:
            continue
    return sum(link.startswith(str(service.root / "blobs")) for link in links)


async def _freed(service: RunningService) -> bool:
    return open_blobs(service) == 0


async def test_whole_file_comes_with_all_that_a_client_needs(ada: Person) -> None:
    view = await ada.upload(CONTENT, "Größe.bin")
    answer = await ada.content(view["id"])
    assert answer.status == 200
    assert await answer.read() == CONTENT
    assert answer.headers["Content-Length"] == "600000"
    assert answer.headers["ETag"] == ETAG
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert answer.headers["Repr-Digest"] == f"sha-256=:{base64.b64encode(SHA256.digest()).decode()}:"
    assert (
        answer.headers["Content-Disposition"]
        == "attachment; filename=\"Gr__e.bin\"; filename*=UTF-8''Gr%C3%B6%C3%9Fe.bin"
    )


async def test_head_tells_the_same_without_the_bytes(ada: Person) -> None:
    view = await ada.upload(CONTENT)
    path = f"/v1/files/{view['id']}/content"
    head = await ada.client.head(path, headers={**ada.headers, "Range": "bytes=0-9"})
    get = await ada.get(path)
    assert (head.status, await head.read()) == (200, b"")
    ignored = {"date", "x-request-id"}
    assert {k: v for k, v in head.headers.items() if k.lower() not in ignored} == {
        k: v for k, v in get.headers.items() if k.lower() not in ignored
    }


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=599999-", 599_999, 600_000),
        ("bytes=-5", 599_995, 600_000),
        ("bytes=7-9999999", 7, 600_000),
    ],
)
async def test_range_gives_that_part(ada: Person, asked: str, start: int, end: int) -> None:
    view = await ada.upload(CONTENT)
    answer = await ada.content(view["id"], Range=asked)
    assert (answer.status, await answer.read()) == (206, CONTENT[start:end])
    assert answer.headers["Content-Range"] == f"bytes {start}-{end - 1}/600000"
    assert answer.headers["ETag"] == ETAG


@pytest.mark.parametrize("asked", ["bytes=600000-", f"bytes={2**64}-{2**65}", "bytes=-0"])
async def test_range_behind_the_end_is_refused(ada: Person, asked: str) -> None:
    """F15: 2^64 -> 416."""
    view = await ada.upload(CONTENT)
    answer = await ada.content(view["id"], Range=asked)
    assert (answer.status, (await answer.json())["code"]) == (416, "range_not_satisfiable")
    assert answer.headers["Content-Range"] == "bytes */600000"


@pytest.mark.parametrize(
    "asked", ["bytes=" + ",".join(f"{n}-{n}" for n in range(1000)), "bytes=0-1,1-2", "bytes=5-1", "lines=1-2", "x"]
)
async def test_odd_range_gives_the_whole(ada: Person, asked: str) -> None:
    """F15: 1,000 ranges -> 200, once over the file."""
    view = await ada.upload(CONTENT)
    answer = await ada.content(view["id"], Range=asked)
    assert (answer.status, await answer.read()) == (200, CONTENT)


async def test_part_is_sent_only_of_the_version_that_if_range_names(ada: Person) -> None:
    """F15: bad If-Range -> 200."""
    view = await ada.upload(CONTENT)
    changed = (await ada.content(view["id"])).headers["Last-Modified"]
    for if_range, status in [(ETAG, 206), (changed, 206), (f"W/{ETAG}", 200), ('"other"', 200), ("nonsense", 200)]:
        answer = await ada.content(view["id"], Range="bytes=1-2", If_Range=if_range)
        assert (if_range, answer.status) == (if_range, status)
        assert await answer.read() == (CONTENT[1:3] if status == 206 else CONTENT)


async def test_conditional_requests_spare_the_bytes(ada: Person) -> None:
    view = await ada.upload(CONTENT)
    changed = (await ada.content(view["id"])).headers["Last-Modified"]
    long_ago = "Sun, 22 Nov 2015 10:30:00 GMT"
    cases = [
        ({"If_None_Match": ETAG}, 304),
        ({"If_None_Match": f'"x", W/{ETAG}'}, 304),
        ({"If_None_Match": "*"}, 304),
        ({"If_None_Match": '"x"'}, 200),
        ({"If_None_Match": '"x"', "If_Modified_Since": changed}, 200),
        ({"If_Modified_Since": changed}, 304),
        ({"If_Modified_Since": long_ago}, 200),
        ({"If_Match": ETAG}, 200),
        ({"If_Match": '"x"'}, 412),
        ({"If_Unmodified_Since": changed}, 200),
        ({"If_Unmodified_Since": long_ago}, 412),
        ({"If_Match": ETAG, "If_Unmodified_Since": long_ago}, 200),
        ({"If_None_Match": ETAG, "Range": "bytes=0-0"}, 304),
    ]
    for headers, status in cases:
        answer = await ada.content(view["id"], **headers)
        assert (headers, answer.status) == (headers, status)
        if status == 304:
            assert (answer.headers["ETag"], await answer.read()) == (ETAG, b"")


async def test_metadata_is_conditional_too(ada: Person) -> None:
    view = await ada.upload(CONTENT)
    etag = (await ada.get(f"/v1/files/{view['id']}")).headers["ETag"]
    assert (await ada.get(f"/v1/files/{view['id']}", {"If-None-Match": etag})).status == 304


async def test_download_that_has_begun_survives_the_deletion(service: RunningService, ada: Person) -> None:
    """F20: delete against download -> the whole file, and 404 afterwards."""
    content = os.urandom(20_000_000)
    view = await ada.upload(content)
    answer = await ada.content(view["id"])
    first = await answer.content.readexactly(1000)
    assert await ada.delete(view["id"]) == 204
    await service.settled(blobs=0)
    assert hashlib.sha256(first + await answer.read()).hexdigest() == view["sha256"]
    assert (await ada.content(view["id"])).status == 404
    assert (await ada.get(f"/v1/files/{view['id']}")).status == 404


async def test_downloads_racing_a_deletion_are_whole_or_absent(service: RunningService, ada: Person) -> None:
    """F20: the whole file or 404, never mixed."""

    async def download(file_id: str) -> str:
        answer = await ada.content(file_id)
        body = await answer.read()
        return hashlib.sha256(body).hexdigest() if answer.status == 200 else str(answer.status)

    for _ in range(5):
        view = await ada.upload(CONTENT)
        *seen, _ = await asyncio.gather(*(download(view["id"]) for _ in range(10)), ada.delete(view["id"]))
        assert set(seen) <= {view["sha256"], "404"}
    await service.settled(blobs=0)


async def test_blob_that_is_gone_under_its_row_is_our_failure(service: RunningService, ada: Person) -> None:
    view = await ada.upload(CONTENT)
    (blob,) = service.blobs()
    blob.unlink()
    answer = await ada.content(view["id"])
    assert (answer.status, (await answer.json())["code"]) == (500, "internal_error")


async def test_client_that_goes_away_frees_the_file(service: RunningService, ada: Person) -> None:
    """F22: abort -> handle freed."""
    view = await ada.upload(os.urandom(20_000_000))
    async with open_raw(service.public) as (reader, writer):
        writer.write(request_head("GET", f"/v1/files/{view['id']}/content", ada, {}))
        await reader.readexactly(100_000)
        assert open_blobs(service) == 1
        writer.transport.abort()
        await eventually(partial(_freed, service))


async def test_reader_that_stands_still_is_cut_off(file_database: DatabaseUrls, tmp_path: Path) -> None:
    """F22: slow reader -> time-capped."""
    size = 30_000_000  # more than the sockets' buffers hold
    async with running_service(file_database, tmp_path, FILE_STALL_SECONDS="0.3") as service:
        eve = service.person(uuid7())
        view = await eve.upload(os.urandom(size))
        async with open_raw(service.public) as (reader, writer):
            writer.write(request_head("GET", f"/v1/files/{view['id']}/content", eve, {}))
            received = len(await reader.readexactly(1000))
            assert open_blobs(service) == 1
            await eventually(partial(_freed, service))
            with suppress(ConnectionResetError):
                while chunk := await reader.read(2**20):
                    received += len(chunk)
        assert received < size
