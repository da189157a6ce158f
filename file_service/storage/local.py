"""Blobs as files of one folder on a local disk: `blobs/3f/3f9c...` by key."""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from file_service.storage.blob import LocalBlob
from file_service.storage.contract import SHARDS, Blob, Stored, Written
from file_service.storage.spare import Spare, spare_descriptors
from file_service.storage.threads import DiskThreads
from file_service.storage.writing import BlobFile, Writing, sync_folder

_LARGEST_BATCH = 1 << 20  # what is collected before a thread is bothered: a small file is written by one call
_SMALLEST_BATCH = 32 << 10  # less than a piece of those who come in a crowd: each is written as it comes
_COLLECTED = 2 << 20  # what all writers together may collect
_FEW = 8  # writers of which each may collect a batch while another is being written


class LocalStorage:
    """Implements `Storage`."""

    def __init__(self, root: Path, threads: DiskThreads) -> None:
        self._blobs = root / "blobs"
        self._threads = threads
        self._writers = 0
        self.spare = Spare(spare_descriptors())

    def path(self, key: str) -> Path:
        return self._blobs / key[:2] / key

    async def write(self, key: str, chunks: AsyncIterator[bytes]) -> Written:
        file = BlobFile(self.path(key))
        writing = Writing(self._threads, file)
        self._writers += 1
        try:
            rest = await self._take_in(writing, chunks)
            await self._threads.run(file.finish, rest)
        except BaseException:
            writing.abandon()
            await asyncio.shield(self._threads.run(file.discard))
            raise
        finally:
            self._writers -= 1
        return Written(file.size, file.sha256)

    async def _take_in(self, writing: Writing, chunks: AsyncIterator[bytes]) -> list[bytes]:
        """Write as the chunks come, and return the last ones."""
        batch: list[bytes] = []
        collected = 0
        async for chunk in chunks:
            batch.append(chunk)
            collected += len(chunk)
            if collected > self._batch_bytes():
                await writing.begin(batch)
                if self._writers > _FEW:
                    await writing.settle()
                batch, collected = [], 0
        await writing.settle()
        return batch

    def _batch_bytes(self) -> int:
        """The more write at once the less each may hold, so that memory stays flat."""
        return max(_SMALLEST_BATCH, min(_LARGEST_BATCH, _COLLECTED // self._writers))

    @asynccontextmanager
    async def open(self, key: str) -> AsyncIterator[Blob]:
        blob = LocalBlob(self._threads, self.path(key))
        try:
            await self._threads.run(blob.open)
            yield blob
        finally:
            await asyncio.shield(self._threads.run(blob.close))

    async def delete(self, key: str) -> None:
        await self._threads.run(_remove, self.path(key))

    async def list_shard(self, shard: str) -> Sequence[Stored]:
        return await self._threads.run(_look_into, self._blobs / shard)

    async def check(self) -> None:
        await self._threads.run(_try_writing, self._blobs)

    def prepare(self) -> None:
        """Make the folders. Raises OSError."""
        self._blobs.parent.mkdir(parents=True, exist_ok=True)
        for folder in (self._blobs, *(self._blobs / shard for shard in SHARDS)):
            folder.mkdir(mode=0o700, exist_ok=True)
        sync_folder(self._blobs)
        sync_folder(self._blobs.parent)


def _remove(path: Path) -> None:
    """Without the sync, a power cut could bring back a blob that nothing tells of."""
    path.unlink(missing_ok=True)
    sync_folder(path.parent)


def _look_into(folder: Path) -> list[Stored]:
    """What is deleted while we look may be in the list or not."""
    found: list[Stored] = []
    for entry in os.scandir(folder):
        with suppress(FileNotFoundError):
            status = entry.stat(follow_symlinks=False)
            found.append(Stored(entry.name, status.st_size, datetime.fromtimestamp(status.st_mtime, UTC)))
    return found


def _try_writing(folder: Path) -> None:
    file = BlobFile(folder / f"check-{secrets.token_hex(8)}")
    try:
        file.write([b"\0"])
    finally:
        file.discard()


@asynccontextmanager
async def open_local_storage(root: Path) -> AsyncIterator[LocalStorage]:
    """Raises OSError when the folder can't be used."""
    threads = DiskThreads()
    try:
        storage = LocalStorage(root, threads)
        await asyncio.to_thread(storage.prepare)
        yield storage
    finally:
        await threads.close()
