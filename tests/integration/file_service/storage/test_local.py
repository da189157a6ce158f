"""What is particular to a local folder: what is durable when, and what is left behind."""

import asyncio
import errno
import os
import resource
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from file_service.errors import InsufficientStorage
from file_service.storage.blob import LocalBlob
from file_service.storage.contract import BlobMissing, new_key
from file_service.storage.local import LocalStorage
from file_service.storage.writing import BlobFile
from shared.errors import Unavailable
from tests.integration.file_service.storage.opening import chunks_of, put, read
from tests.waiting import eventually

Trace = list[tuple[str, str]]


@pytest.fixture
def small_files() -> Iterator[None]:
    """Let the kernel refuse what lies beyond 1 MB of a file: a full disk as far as a writer can tell."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def count_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def trace(monkeypatch: pytest.MonkeyPatch) -> Trace:
    """Record, in order, what is synced, each with the path that it concerns."""
    seen: Trace = []
    real_fsync = os.fsync

    def fsync(descriptor: int) -> None:
        seen.append(("fsync", str(Path(f"/proc/self/fd/{descriptor}").readlink())))
        real_fsync(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    return seen


async def test_bytes_and_name_are_synced_before_write_returns(
    local: LocalStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is acknowledged survives a power cut: the file is synced, then its folder."""
    seen = trace(monkeypatch)
    key = new_key()
    await local.write(key, chunks_of(b"content"))
    target = tmp_path / "blobs" / key[:2] / key
    assert seen == [("fsync", str(target)), ("fsync", str(target.parent))]


async def test_a_deletion_is_durable(local: LocalStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    key = await put(local, b"content")
    seen = trace(monkeypatch)
    await local.delete(key)
    assert seen == [("fsync", str(local.path(key).parent))]


async def test_a_source_that_breaks_off_leaves_nothing(local: LocalStorage, tmp_path: Path) -> None:
    """F18: aborts free it."""

    async def broken() -> AsyncIterator[bytes]:
        yield b"x" * 1_000_000
        raise ConnectionResetError

    before = count_descriptors()
    with pytest.raises(ConnectionResetError):
        await local.write(new_key(), broken())
    assert files_in(tmp_path) == []
    assert count_descriptors() == before


@pytest.mark.usefixtures("small_files")
async def test_a_full_disk_is_told_and_leaves_nothing(local: LocalStorage, tmp_path: Path) -> None:
    """F19: disk full -> 507, nothing half made."""
    with pytest.raises(InsufficientStorage):
        await local.write(new_key(), chunks_of(b"x" * 700_000, b"y" * 700_000))
    assert files_in(tmp_path) == []


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
async def test_no_room_on_the_last_sync_is_told(
    local: LocalStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """F19: file systems that allocate late refuse at the sync."""

    def refuse(_descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(InsufficientStorage):
        await local.write(new_key(), chunks_of(b"content"))
    assert files_in(tmp_path) == []


async def test_a_failing_disk_is_unavailable(
    local: LocalStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F19: a storage that fails -> 503."""

    def fail(_descriptor: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(Unavailable):
        await local.write(new_key(), chunks_of(b"content"))
    assert files_in(tmp_path) == []


async def test_a_reader_keeps_the_whole_blob_through_its_deletion(local: LocalStorage, tmp_path: Path) -> None:
    """F20: delete against download -> the whole file."""
    content = os.urandom(1_000_000)
    key = await put(local, content)
    async with local.open(key) as blob:
        await local.delete(key)
        assert files_in(tmp_path) == []
        assert b"".join([chunk async for chunk in blob.read(0, blob.size)]) == content
    with pytest.raises(BlobMissing):
        async with local.open(key):
            pytest.fail("it was opened")


async def test_a_blob_that_lost_its_end_is_not_sent_as_whole(local: LocalStorage) -> None:
    key = await put(local, b"content")
    async with local.open(key) as blob:
        os.truncate(local.path(key), 3)
        with pytest.raises(Unavailable):
            [chunk async for chunk in blob.read(0, blob.size)]


async def test_a_key_is_used_once(local: LocalStorage) -> None:
    key = await put(local, b"content")
    with pytest.raises(Unavailable):
        await local.write(key, chunks_of(b"other"))
    assert await read(local, key) == b"content"


async def test_many_writers_hold_little_each(local: LocalStorage) -> None:
    """What 100 writers send beyond 64 KiB goes to the disk before any of them sends more."""
    all_began, held = asyncio.Barrier(100), asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        await all_began.wait()
        yield b"x" * 65_537
        await held.wait()

    keys = [new_key() for _ in range(100)]
    writers = [asyncio.create_task(local.write(key, slow())) for key in keys]

    async def are_written() -> bool:
        return all(local.path(key).exists() and local.path(key).stat().st_size for key in keys)

    await eventually(are_written)
    held.set()
    assert {written.size for written in await asyncio.gather(*writers)} == {65_537}


async def test_more_pieces_than_one_call_takes_are_written(local: LocalStorage) -> None:
    key = new_key()
    await local.write(key, chunks_of(*(b"%d," % number for number in range(3000))))
    assert await read(local, key) == b"".join(b"%d," % number for number in range(3000))


async def test_every_key_has_a_place_in_the_folder(local: LocalStorage, tmp_path: Path) -> None:
    assert all(local.path(new_key()).resolve().is_relative_to(tmp_path / "blobs") for _ in range(1000))


async def test_the_folder_is_for_us_alone(local: LocalStorage, tmp_path: Path) -> None:
    key = await put(local, b"content")
    assert local.path(key).stat().st_mode & 0o077 == 0
    assert (tmp_path / "blobs").stat().st_mode & 0o077 == 0


async def test_readiness_notices_a_folder_that_is_gone(local: LocalStorage, tmp_path: Path) -> None:
    await local.check()
    (tmp_path / "blobs").rename(tmp_path / "away")
    with pytest.raises(Unavailable):
        await local.check()


def test_a_discarded_file_is_not_opened_by_a_late_write(tmp_path: Path) -> None:
    """A cancelled request discards while its write still waits for a thread."""
    file = BlobFile(tmp_path / "blob")
    file.discard()
    with pytest.raises(OSError, match="discarded"):
        file.write([b"late"])
    assert files_in(tmp_path) == []


async def test_an_open_that_comes_after_the_close_holds_nothing(local: LocalStorage) -> None:
    """A cancelled request closes while its opening still waits for a thread."""
    key = await put(local, b"content")
    before = count_descriptors()
    async with local.open(key) as blob:
        assert isinstance(blob, LocalBlob)
        blob.close()
        blob.open()
        assert count_descriptors() == before


async def test_a_failure_of_an_earlier_batch_ends_the_writing(
    local: LocalStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F19: a batch is written while the next is collected; what becomes of it is told all the same."""

    def fail(_descriptor: int, _pieces: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "writev", fail)
    with pytest.raises(InsufficientStorage):
        await local.write(new_key(), chunks_of(*(b"x" * 700_000 for _ in range(4))))
    assert files_in(tmp_path) == []


async def test_a_source_that_breaks_off_amid_a_batch_leaves_nothing(local: LocalStorage, tmp_path: Path) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"x" * 1_500_000
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await local.write(new_key(), broken())
    assert files_in(tmp_path) == []
