"""Blobs as files of one folder on a local disk: `blobs/3f/3f9c...` by key, `incoming/` while they are written."""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from file_service.storage.blob import LocalBlob
from file_service.storage.contract import SHARDS, Blob, Stored, Written
from file_service.storage.staging import StagingFile, clear_leftovers, sync_folder
from file_service.storage.threads import DiskThreads
from shared.logs import log

_WRITE_BYTES = 262_144  # what is collected before a thread is bothered


class LocalStorage:
    """Implements `Storage`."""

    def __init__(self, root: Path, threads: DiskThreads) -> None:
        self._blobs = root / "blobs"
        self._incoming = root / "incoming"
        self._threads = threads

    def path(self, key: str) -> Path:
        return self._blobs / key[:2] / key

    async def write(self, key: str, chunks: AsyncIterator[bytes]) -> Written:
        file = StagingFile(self._incoming)
        try:
            await self._take_in(file, chunks)
            await self._threads.run(file.publish, self.path(key))
        finally:
            await asyncio.shield(self._threads.run(file.discard))
        return Written(file.size, file.sha256)

    async def _take_in(self, file: StagingFile, chunks: AsyncIterator[bytes]) -> None:
        batch: list[bytes] = []
        collected = 0
        async for chunk in chunks:
            batch.append(chunk)
            collected += len(chunk)
            if collected >= _WRITE_BYTES:
                await self._threads.run(file.write, batch)
                batch, collected = [], 0
        await self._threads.run(file.write, batch)

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
        await self._threads.run(_try_writing, self._incoming)

    def prepare(self) -> None:
        """Make the folders, and remove what dead processes left half written. Raises OSError."""
        self._blobs.parent.mkdir(parents=True, exist_ok=True)
        for folder in (self._incoming, self._blobs, *(self._blobs / shard for shard in SHARDS)):
            folder.mkdir(mode=0o700, exist_ok=True)
        sync_folder(self._blobs)
        sync_folder(self._blobs.parent)
        if cleared := clear_leftovers(self._incoming):
            log.info("unfinished_uploads_cleared", files=cleared)


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
    file = StagingFile(folder)
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
