"""Large downloads from a local folder, which the kernel copies into the reader's socket."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientPayloadError

from shared.ids import uuid7
from tests.integration.file_service.raw import open_raw, request_head
from tests.integration.file_service.running_service import Person, RunningService, running_service
from tests.stores import Databases
from tests.waiting import eventually

LARGE = 20_000_000  # more than all buffers on the way hold


@pytest.fixture(scope="module")
async def service(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningService]:
    folder = tmp_path_factory.mktemp("large")
    async with (
        databases.clone("file_service") as urls,
        running_service(urls, folder, FILE_STALL_SECONDS="0.5") as running,
    ):
        yield running


@pytest.fixture
def ada(service: RunningService) -> Person:
    return service.person(uuid7())


def open_blobs(service: RunningService) -> list[str]:
    """Return the blobs that this process has open."""
    links = [str(each.readlink()) for each in Path("/proc/self/fd").iterdir() if each.is_symlink()]
    return [link for link in links if link.startswith(str(service.root))]


async def closed(service: RunningService) -> None:
    async def look() -> bool:
        return not open_blobs(service)

    await eventually(look)


@pytest.mark.parametrize("size", [1_048_575, 1_048_576, 1_048_577, LARGE])
async def test_all_bytes_come_in_order(ada: Person, size: int) -> None:
    content = os.urandom(size)
    view = await ada.upload(content)
    whole = await ada.content(view["id"])
    assert (whole.status, await whole.read()) == (200, content)
    part = await ada.content(view["id"], Range=f"bytes=3-{size - 2}")
    assert (part.status, await part.read()) == (206, content[3:-1])


@pytest.mark.parametrize(
    "sizes", [(2_000_000, 2_000_000, 2_000_000), (200_000, 62_144, 3_000_000), (10, 1_500_000, 1), (262_144, 1_500_000)]
)
async def test_a_file_of_several_blobs_comes_as_one(
    service: RunningService, ada: Person, sizes: tuple[int, ...]
) -> None:
    """Whatever lies in the transport when the kernel begins mustn't be overtaken."""
    pieces = [os.urandom(size) for size in sizes]
    views = [await ada.upload(piece) for piece in pieces]
    first, content = views[0]["id"], b"".join(pieces)
    for number, view in enumerate(views[1:], 1):
        await service.fetch(
            "update files.blob set holder_id = $1::uuid, start = $2 where holder_id = $3::uuid",
            first,
            sum(sizes[:number]),
            view["id"],
        )
    await service.fetch("update files.file set size = $2 where file_id = $1::uuid", first, len(content))
    assert await (await ada.content(first)).read() == content
    part = await ada.content(first, Range="bytes=5-1400000")
    assert await part.read() == content[5:1_400_001]


async def test_many_readers_get_each_their_own(ada: Person) -> None:
    contents = [os.urandom(3_000_000) for _ in range(10)]
    views = [await ada.upload(content) for content in contents]

    async def reading(number: int) -> bool:
        return await (await ada.content(views[number]["id"])).read() == contents[number]

    assert all(await asyncio.gather(*(reading(number % 10) for number in range(40))))


async def test_the_connection_serves_the_next_request(service: RunningService, ada: Person) -> None:
    content = os.urandom(3_000_000)
    view = await ada.upload(content)
    head = request_head("GET", f"/v1/files/{view['id']}/content", ada, {})
    async with open_raw(service.public) as (reader, writer):
        for _ in range(3):
            writer.write(head)
            answered = await reader.readuntil(b"\r\n\r\n")
            assert answered.startswith(b"HTTP/1.1 200 ")
            assert await reader.readexactly(len(content)) == content
    await closed(service)


async def test_a_reader_who_stands_still_is_let_go(service: RunningService, ada: Person) -> None:
    """F22: slow reader -> handle freed, time-capped."""
    view = await ada.upload(os.urandom(LARGE))
    async with open_raw(service.public) as (reader, writer):
        writer.write(request_head("GET", f"/v1/files/{view['id']}/content", ada, {}))
        await reader.readuntil(b"\r\n\r\n")
        assert open_blobs(service)
        await closed(service)


async def test_a_reader_who_goes_is_let_go(service: RunningService, ada: Person) -> None:
    """F22: abort -> handle freed."""
    view = await ada.upload(os.urandom(LARGE))
    async with open_raw(service.public) as (reader, writer):
        writer.write(request_head("GET", f"/v1/files/{view['id']}/content", ada, {}))
        await reader.readuntil(b"\r\n\r\n")
        assert open_blobs(service)
        writer.transport.abort()
        await closed(service)


async def test_a_download_ends_well_though_its_file_is_deleted(service: RunningService, ada: Person) -> None:
    """F20: delete against download -> the whole file."""
    content = os.urandom(LARGE)
    view = await ada.upload(content)
    answer = await ada.content(view["id"])
    assert await ada.delete(view["id"]) == 204
    assert await answer.read() == content
    await closed(service)


async def test_a_blob_that_lost_its_end_is_never_sent_as_whole(service: RunningService, ada: Person) -> None:
    view = await ada.upload(os.urandom(3_000_000))
    (row,) = await service.fetch("select storage_key from files.blob where holder_id = $1::uuid", view["id"])
    key = row["storage_key"]
    os.truncate(service.root / "blobs" / key[:2] / key, 2_000_000)
    with pytest.raises(ClientPayloadError):
        await (await ada.content(view["id"])).read()
    await closed(service)
