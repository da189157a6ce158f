import asyncio
import resource
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from functools import partial

import pytest
from aiohttp import ClientOSError, FormData
from prometheus_client import REGISTRY

from shared.ids import uuid7
from tests.integration.file_service.raw import open_raw, request_head
from tests.integration.file_service.running_service import Person, RunningService
from tests.waiting import eventually

QUOTA, LARGEST = 2_000_000, 1_000_000


@pytest.fixture
def eve(small_service: RunningService) -> Person:
    return small_service.person(uuid7())


async def used(service: RunningService, person: Person) -> int:
    rows = await service.fetch("select bytes from files.owner where owner_id = $1", person.user_id)
    return rows[0]["bytes"] if rows else 0


def _uploads(outcome: str) -> float:
    return REGISTRY.get_sample_value("file_uploads_total", {"outcome": outcome}) or 0.0


async def _counted(outcome: str, times: float) -> bool:
    return _uploads(outcome) == times


async def _has_unfinished(service: RunningService) -> bool:
    return bool(await service.fetch("select from files.blob where holder_id is null"))


async def stream(size: int) -> AsyncIterator[bytes]:
    """Send without saying how much comes."""
    for at in range(0, size, 50_000):
        yield b"x" * min(50_000, size - at)


async def test_fifty_parallel_uploads_fill_the_quota_once(small_service: RunningService, eve: Person) -> None:
    """F18: 50 parallel uploads at 60 % of the quota -> one fits."""
    stored, refused = _uploads("stored"), _uploads("quota_exceeded")
    await eve.upload(b"x" * 800_000)  # leaves 1.2 MB: two of 0.7 MB don't fit
    answers = await asyncio.gather(*(eve.post(b"y" * 700_000) for _ in range(50)))

    codes = [(await answer.json()).get("code") for answer in answers]
    assert sorted(answer.status for answer in answers) == [201] + [413] * 49
    assert codes.count("quota_exceeded") == 49
    assert await used(small_service, eve) == 1_500_000
    assert (_uploads("stored"), _uploads("quota_exceeded")) == (stored + 2, refused + 49)
    await small_service.settled(blobs=2)


async def test_deleting_gives_the_room_back(small_service: RunningService, eve: Person) -> None:
    files = [await eve.upload(b"x" * LARGEST) for _ in range(2)]
    full = await eve.post(b"x")
    assert (full.status, (await full.json())["code"]) == (413, "quota_exceeded")
    assert await eve.delete(files[0]["id"]) == 204
    assert await used(small_service, eve) == LARGEST
    await eve.upload(b"x" * LARGEST)
    await small_service.settled(blobs=2)


async def test_parallel_deletions_give_the_room_back_once(small_service: RunningService, eve: Person) -> None:
    view = await eve.upload(b"x" * 1000)
    kept = await eve.upload(b"y" * 10)
    statuses = await asyncio.gather(*(eve.delete(view["id"]) for _ in range(20)))
    assert sorted(statuses) == [204] + [404] * 19
    assert await used(small_service, eve) == kept["size"]


async def test_one_persons_quota_is_not_anothers(small_service: RunningService, eve: Person) -> None:
    for _ in range(2):
        await eve.upload(b"x" * LARGEST)
    await small_service.person(uuid7()).upload(b"x" * LARGEST)


async def test_file_of_the_largest_size_is_stored_and_one_byte_more_is_not(
    small_service: RunningService, eve: Person
) -> None:
    assert (await eve.post(stream(LARGEST))).status == 201
    answer = await eve.post(stream(LARGEST + 1))
    assert (answer.status, (await answer.json())["code"]) == (413, "file_too_large")
    await small_service.settled(blobs=1)


async def test_form_with_too_large_a_file_is_refused(small_service: RunningService, eve: Person) -> None:
    form = FormData()
    form.add_field("file", stream(LARGEST + 1), filename="x")
    answer = await eve.post(form)
    assert (answer.status, (await answer.json())["code"]) == (413, "file_too_large")
    await small_service.settled(blobs=0)


@pytest.mark.parametrize(
    ("content_type", "length"), [("image/png", LARGEST + 1), ("multipart/form-data; boundary=b", 3_000_000)]
)
async def test_announced_size_is_refused_before_a_byte_is_sent(
    small_service: RunningService, eve: Person, content_type: str, length: int
) -> None:
    async with open_raw(small_service.public) as (reader, writer):
        writer.write(request_head("POST", "/v1/files", eve, {"Content-Length": length, "Content-Type": content_type}))
        assert (await reader.readline()).startswith(b"HTTP/1.1 413 ")
        await small_service.settled(blobs=0)


async def test_client_that_goes_away_leaves_nothing(small_service: RunningService, eve: Person) -> None:
    """F18: aborts free it."""
    async with open_raw(small_service.public) as (_, writer):
        writer.write(request_head("POST", "/v1/files", eve, {"Content-Length": 900_000}) + b"x" * 400_000)
        await eventually(partial(_has_unfinished, small_service))
        before = _uploads("aborted")
        writer.transport.abort()
        await small_service.settled(blobs=0)
        await eventually(partial(_counted, "aborted", before + 1))  # which comes after what it held is given back
    assert await used(small_service, eve) == 0
    for _ in range(2):
        await eve.upload(b"x" * LARGEST)


async def test_unfinished_uploads_hold_at_most_twice_the_quota(small_service: RunningService, eve: Person) -> None:
    """F18: bytes that no quota has counted yet fill a disk just the same."""
    announced = request_head("POST", "/v1/files", eve, {"Content-Length": LARGEST})
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(open_raw(small_service.public)) for _ in range(5)]
        for _, writer in clients:
            writer.write(announced + b"x" * (LARGEST - 100_000))
        answers = await asyncio.gather(*(asyncio.wait_for(reader.read(4096), 10) for reader, _ in clients))
    assert sum(b'"code":"quota_exceeded"' in answer for answer in answers) == 1
    assert sum(b'"code":"upload_stalled"' in answer for answer in answers) == 4
    await small_service.settled(blobs=0)
    for _ in range(2):
        await eve.upload(b"x" * LARGEST)


async def test_upload_that_stands_still_is_ended(small_service: RunningService, eve: Person) -> None:
    async with open_raw(small_service.public) as (reader, writer):
        writer.write(request_head("POST", "/v1/files", eve, {"Content-Length": 900_000}) + b"x" * 400_000)
        answer = await asyncio.wait_for(reader.read(4096), 5)
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert b'"code":"upload_stalled"' in answer
        await small_service.settled(blobs=0)


async def test_upload_with_malformed_chunks_ends_and_leaves_nothing(small_service: RunningService, eve: Person) -> None:
    async with open_raw(small_service.public) as (reader, writer):
        writer.write(
            request_head("POST", "/v1/files", eve, {"Transfer-Encoding": "chunked"})
            + b"50000\r\n"
            + b"x" * 0x50000
            + b"\r\n"
        )
        await eventually(partial(_has_unfinished, small_service))
        writer.write(b"zz\r\n")
        assert (await asyncio.wait_for(reader.readline(), 5)).split()[1] in (b"400", b"408")
        await small_service.settled(blobs=0)


async def test_a_million_one_byte_chunks_are_one_file(small_service: RunningService, eve: Person) -> None:
    """G17: small chunks are joined before they cost a write."""
    async with open_raw(small_service.public) as (reader, writer):
        writer.write(request_head("POST", "/v1/files", eve, {"Transfer-Encoding": "chunked"}))
        for _ in range(100):
            writer.write(b"1\r\nx\r\n" * 1000)
            await writer.drain()
        writer.write(b"0\r\n\r\n")
        assert (await asyncio.wait_for(reader.readline(), 20)).startswith(b"HTTP/1.1 201 ")


async def test_full_disk_is_told_and_nothing_is_half_made(service: RunningService, ada: Person) -> None:
    """F19: disk full -> 507; no metadata without a blob."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))  # to a writer, the same as a full disk
    try:
        answer = await ada.post(stream(2_000_000))
    except ClientOSError:
        pytest.fail("the connection was cut before the answer")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (answer.status, (await answer.json())["code"]) == (507, "insufficient_storage")
    assert (await (await ada.get("/v1/files")).json())["items"] == []
    await service.settled(blobs=0)


async def test_storage_that_is_away_is_unavailable_and_unready(service: RunningService, ada: Person) -> None:
    """F19: 503, and no metadata without a blob."""
    blobs = service.root / "blobs"
    assert (await service.private.get("/readyz")).status == 200
    blobs.rename(service.root / "elsewhere")
    answer = await ada.post(b"x")
    ready = await service.private.get("/readyz")
    assert (answer.status, (await answer.json())["code"], ready.status) == (503, "unavailable", 503)
    (service.root / "elsewhere").rename(blobs)
    await ada.upload(b"x")
    assert (await service.private.get("/readyz")).status == 200
