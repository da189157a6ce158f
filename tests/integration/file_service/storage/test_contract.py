"""What every storage promises: each case runs on a local folder and on real servers."""

import hashlib
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from file_service.storage.contract import SHARDS, BlobMissing, Storage, Written, is_key, new_key
from file_service.storage.object_store import PART_BYTES, ObjectStorage
from shared.errors import Unavailable
from tests.integration.file_service.storage.opening import (
    chunks_of,
    listed,
    open_either,
    open_objects,
    put,
    random_pieces,
    read,
)
from tests.s3_server import S3Server


@pytest.fixture(params=["folder", "s3", pytest.param("azure", marks=pytest.mark.azure)])
async def storage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Storage]:
    """On a folder and on S3 in every run of the tests."""
    async with open_either(request, tmp_path) as opened:
        yield opened


SIZES = [0, 1, 8192, 262_144, 262_145, 3_000_001, PART_BYTES, 2 * PART_BYTES + 1]


@pytest.mark.parametrize("size", SIZES)
async def test_bytes_come_back_as_they_went_in(storage: Storage, size: int) -> None:
    pieces = random_pieces(size)
    content = b"".join(pieces)
    key = new_key()
    written = await storage.write(key, chunks_of(*pieces))
    assert written == Written(size, hashlib.sha256(content).digest())
    async with storage.open(key) as blob:
        assert blob.size == size
        assert b"".join([chunk async for chunk in blob.read(0, size)]) == content
        assert b"".join([chunk async for chunk in blob.read(size // 3, size // 2)]) == content[size // 3 :][: size // 2]


async def test_a_range_is_read_in_chunks_of_bounded_size(storage: Storage) -> None:
    key = await put(storage, os.urandom(5_000_000))
    async with storage.open(key) as blob:
        sizes = [len(chunk) async for chunk in blob.read(1, 4_999_998)]
    assert sum(sizes) == 4_999_998
    assert max(sizes) <= 1_000_000


async def test_reading_may_stop_anywhere(storage: Storage) -> None:
    key = await put(storage, os.urandom(3_000_000))
    async with storage.open(key) as blob:
        chunks = blob.read(0, blob.size)
        assert await anext(chunks)
    assert len(await read(storage, key)) == 3_000_000


async def test_more_than_there_is_ends_in_a_failure(storage: Storage) -> None:
    """A file whose blob lost its end is never sent as whole."""
    key = await put(storage, b"content")
    async with storage.open(key) as blob:
        with pytest.raises(Unavailable):
            [chunk async for chunk in blob.read(0, 8)]


@pytest.mark.parametrize("size", [1000, 3_000_000, 2 * PART_BYTES + 1000])
async def test_a_source_that_breaks_off_leaves_nothing(storage: Storage, size: int) -> None:
    """F18: aborts free it."""

    async def broken() -> AsyncIterator[bytes]:
        for piece in random_pieces(size):
            yield piece
        raise ConnectionResetError

    key = new_key()
    with pytest.raises(ConnectionResetError):
        await storage.write(key, broken())
    with pytest.raises(BlobMissing):
        await read(storage, key)
    assert await listed(storage) == []


async def test_an_absent_blob_is_missing(storage: Storage) -> None:
    with pytest.raises(BlobMissing):
        await read(storage, new_key())


async def test_a_deleted_blob_is_missing_and_deleting_twice_is_deleting_once(storage: Storage) -> None:
    key, other = await put(storage, b"content"), await put(storage, b"other")
    await storage.delete(key)
    await storage.delete(key)
    with pytest.raises(BlobMissing):
        await read(storage, key)
    assert await read(storage, other) == b"other"


async def test_a_reader_gets_the_whole_blob_or_breaks_off_when_it_is_deleted(storage: Storage) -> None:
    """F20: delete against download -> the whole file or none, never mixed."""
    content = os.urandom(20_000_000)
    key = await put(storage, content)
    got = b""
    async with storage.open(key) as blob:
        chunks = blob.read(0, blob.size)
        got += await anext(chunks)
        await storage.delete(key)
        await put(storage, os.urandom(20_000_000))
        try:
            async for chunk in chunks:
                got += chunk
        except Unavailable:
            assert got == content[: len(got)]
        else:
            assert got == content


async def test_a_listing_tells_what_lies_there(storage: Storage) -> None:
    keys = [await put(storage, b"x" * size) for size in (0, 1, 300_000)]
    found = {each.name: each for each in await listed(storage)}
    assert set(found) == set(keys)
    assert [found[key].size for key in keys] == [0, 1, 300_000]
    assert all(abs(datetime.now(UTC) - each.modified_at) < timedelta(minutes=1) for each in found.values())
    assert [each.name for each in await storage.list_shard(keys[0][:2])].count(keys[0]) == 1


async def test_ready_storage_can_be_written_to(storage: Storage) -> None:
    await storage.check()
    assert await listed(storage) == []


def test_keys_spread_evenly_and_never_repeat() -> None:
    keys = {new_key() for _ in range(1000)}
    assert len(keys) == 1000
    assert len({key[:2] for key in keys}) > 200
    assert {key[:2] for key in keys} <= set(SHARDS)
    assert all(map(is_key, keys))
    assert not any(map(is_key, ["", "readiness", "../" + "0" * 29, "0" * 31, "A" * 32, "0" * 32 + "\n"]))


async def test_signatures_are_enforced(s3_server: S3Server, objects: ObjectStorage, tmp_path: Path) -> None:
    """A client with a wrong secret neither reads nor writes, nor is ready."""
    key = await put(objects, b"content")
    async with open_objects(s3_server, tmp_path, AWS_SECRET_ACCESS_KEY="wrong") as stranger:
        for asked in (put(stranger, b"x"), read(stranger, key), stranger.delete(key), stranger.check()):
            with pytest.raises(Unavailable):
                await asked
    assert await read(objects, key) == b"content"
