"""What is particular to an object store: what it is asked for, what fails how and how soon, and what is left there."""

import asyncio
import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from file_service.errors import InsufficientStorage
from file_service.storage.contract import BlobMissing, new_key
from file_service.storage.object_store import PART_BYTES, ObjectStorage
from file_service.storage.presign import SigningKey
from shared.errors import Unavailable
from shared.settings import Secret
from tests.fault_proxy import FaultProxy, fault_proxy
from tests.integration.file_service.storage.opening import chunks_of, listed, open_objects, put, random_pieces, read
from tests.s3_server import S3Server
from tests.stores import ROOT
from tests.waiting import eventually

pytestmark = pytest.mark.s3
LONG = 2 * PART_BYTES + 1000
BOUND = 3.0  # seconds: twice the time-out below, and some for a busy machine


@pytest.fixture
async def proxy(s3_server: S3Server) -> AsyncIterator[FaultProxy]:
    async with fault_proxy(s3_server.url) as running:
        yield running


@pytest.fixture
async def impatient(s3_server: S3Server, proxy: FaultProxy, tmp_path: Path) -> AsyncIterator[ObjectStorage]:
    """Behind the proxy, with a second of patience for each request."""
    async with open_objects(s3_server, tmp_path, AWS_ENDPOINT_URL=proxy.url, FILES_STORAGE_TIMEOUT="1") as opened:
        yield opened


def unfinished(server: S3Server) -> list[str]:
    """Return the keys of multipart uploads that were neither completed nor aborted."""
    key = SigningKey(server.access_key, Secret(server.secret_key), Secret(""), "us-east-1")
    url = key.presign(f"{server.url}/files", {"uploads": ""}, datetime.now(UTC), 60)
    with urllib.request.urlopen(url) as answer:
        return re.findall("<Key>(.*?)</Key>", answer.read().decode())


async def test_what_is_small_is_one_request_with_its_hash(impatient: ObjectStorage, proxy: FaultProxy) -> None:
    await put(impatient, b"x" * 3_000_000)
    assert [line.split()[0] for line in proxy.seen] == ["PUT"]


@pytest.mark.parametrize("size", [1000, LONG])
async def test_what_is_damaged_on_its_way_is_refused_by_the_store(
    impatient: ObjectStorage, proxy: FaultProxy, size: int
) -> None:
    proxy.fault = lambda line: "damage" if line.startswith("PUT") else ""
    with pytest.raises(Unavailable):
        await impatient.write(new_key(), chunks_of(*random_pieces(size)))
    assert await listed(impatient) == []


async def test_what_is_being_written_can_not_be_read_yet(objects: ObjectStorage) -> None:
    key = new_key()

    async def looking() -> AsyncIterator[bytes]:
        yield os.urandom(PART_BYTES)
        yield b"x"
        with pytest.raises(BlobMissing):
            await read(objects, key)
        assert await objects.list_shard(key[:2]) == []

    await objects.write(key, looking())
    assert len(await read(objects, key)) == PART_BYTES + 1


async def test_an_upload_that_breaks_off_leaves_no_parts(s3_server: S3Server, objects: ObjectStorage) -> None:
    async def broken() -> AsyncIterator[bytes]:
        for piece in random_pieces(LONG):
            yield piece
        assert len(unfinished(s3_server)) == 1
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await objects.write(new_key(), broken())
    assert unfinished(s3_server) == []


async def test_an_upload_that_is_cancelled_leaves_no_parts(s3_server: S3Server, objects: ObjectStorage) -> None:
    reached = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        for piece in random_pieces(LONG):
            yield piece
        reached.set()
        await asyncio.Event().wait()

    writing = asyncio.create_task(objects.write(new_key(), endless()))
    await reached.wait()
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    assert unfinished(s3_server) == []
    await asyncio.gather(*(put(objects, b"x" * 300_000) for _ in range(8)))  # every place is free again


@pytest.mark.parametrize("which", ["partNumber=1", "partNumber=2", "POST"])
async def test_a_part_that_fails_fails_the_upload_and_leaves_none(
    impatient: ObjectStorage, proxy: FaultProxy, s3_server: S3Server, which: str
) -> None:
    """F19: S3 500 -> 503, nothing half made."""
    proxy.fault = lambda line: "500" if which in line else ""
    began = time.monotonic()
    with pytest.raises(Unavailable):
        await impatient.write(new_key(), chunks_of(*random_pieces(LONG)))
    assert time.monotonic() - began < 3 * BOUND
    proxy.fault = lambda _line: ""
    assert unfinished(s3_server) == []
    assert await listed(impatient) == []


@pytest.mark.parametrize("fault", ["500", "503", "hang"])
async def test_a_store_that_fails_or_hangs_is_unavailable_in_bounded_time(
    impatient: ObjectStorage, proxy: FaultProxy, fault: str
) -> None:
    """F19: S3 500 or hang -> 503."""
    key = await put(impatient, b"content")
    proxy.fault = lambda _line: fault
    for asked in (put(impatient, b"x"), read(impatient, key), impatient.delete(key), impatient.check()):
        began = time.monotonic()
        with pytest.raises(Unavailable):
            await asked
        assert time.monotonic() - began < BOUND
    proxy.fault = lambda _line: ""
    await impatient.check()
    assert await read(impatient, key) == b"content"


async def test_uploads_that_wait_in_line_fail_with_the_first(impatient: ObjectStorage, proxy: FaultProxy) -> None:
    proxy.fault = lambda _line: "hang"
    began = time.monotonic()
    outcomes = await asyncio.gather(*(put(impatient, b"x" * 300_000) for _ in range(40)), return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {Unavailable}
    assert time.monotonic() - began < 2 * BOUND


async def test_a_short_failure_is_passed_over(impatient: ObjectStorage, proxy: FaultProxy) -> None:
    failing = iter(["500", "503"])
    proxy.fault = lambda _line: next(failing, "")
    assert await read(impatient, await put(impatient, b"content")) == b"content"


async def test_a_store_without_room_is_told(impatient: ObjectStorage, proxy: FaultProxy) -> None:
    """F19: disk full -> 507."""
    proxy.fault = lambda _line: "507"
    with pytest.raises(InsufficientStorage):
        await put(impatient, b"x")


async def test_a_download_that_stalls_in_the_store_breaks_off(impatient: ObjectStorage, proxy: FaultProxy) -> None:
    key = await put(impatient, b"x" * 20_000_000)
    proxy.fault = lambda line: "stall" if line.startswith("GET") else ""
    began = time.monotonic()
    with pytest.raises(Unavailable):
        await read(impatient, key)
    assert time.monotonic() - began < 5 * BOUND


async def test_a_download_that_the_store_cuts_goes_on_where_it_was(impatient: ObjectStorage, proxy: FaultProxy) -> None:
    content = b"".join(random_pieces(5_000_000))
    key = await put(impatient, content)
    cuts = iter(["cut"])
    proxy.fault = lambda line: next(cuts, "") if line.startswith("GET") else ""
    assert await read(impatient, key) == content


async def test_a_server_that_was_killed_is_used_again(s3_server: S3Server, tmp_path: Path) -> None:
    async with open_objects(s3_server, tmp_path, FILES_STORAGE_TIMEOUT="0.5") as storage:
        key = await put(storage, b"content")
        s3_server.kill()
        try:
            with pytest.raises(Unavailable):
                await put(storage, b"x")
        finally:
            await asyncio.to_thread(s3_server.start)

        async def back() -> bool:
            try:
                return await read(storage, key) == b"content"
            except Unavailable:
                return False

        await eventually(back)
        await put(storage, b"y")


async def test_a_bucket_that_is_not_there_is_unavailable(s3_server: S3Server, tmp_path: Path) -> None:
    async with open_objects(s3_server, tmp_path, AWS_ENDPOINT_URL=s3_server.url + "/nowhere") as storage:
        with pytest.raises(Unavailable):
            await listed(storage)


def test_a_folder_needs_no_library_for_stores() -> None:
    """It would cost every installation 15 MB."""
    said = subprocess.run(
        [sys.executable, "-c", "import sys, file_service.app; print('obstore' in sys.modules)"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout == "False\n"
