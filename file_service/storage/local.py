"""Blobs as files of one folder on a local disk: `blobs/3f/3f9c...` by key, `incoming/` while they are written.

Every call that may block runs in a few threads of the storage's own, so that a slow disk stalls neither the event loop
nor anybody else's threads.
"""

import asyncio
import errno
import os
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import ParamSpec, TypeVar

from file_service.errors import InsufficientStorage
from file_service.storage.contract import Blob, BlobMissing, Staged
from file_service.storage.staging import StagingFile, clear_leftovers, sync_folder
from shared.errors import Unavailable
from shared.logs import log

P = ParamSpec("P")
T = TypeVar("T")

READ_BYTES = 262_144
_WRITE_BYTES = 262_144  # what is collected before a thread is bothered
_THREADS = 8
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class _LocalStaged:
    def __init__(self, storage: "LocalStorage", file: StagingFile) -> None:
        self._storage = storage
        self._file = file

    @property
    def size(self) -> int:
        return self._file.size

    @property
    def sha256(self) -> bytes:
        return self._file.sha256

    @property
    def head(self) -> bytes:
        return self._file.head

    async def publish(self, key: str) -> None:
        await self._storage.run(self._file.publish, self._storage.path(key))


class _LocalBlob:
    """The descriptor keeps the bytes alive when the file is deleted meanwhile."""

    def __init__(self, storage: "LocalStorage", path: Path) -> None:
        self._storage = storage
        self._path = path
        self._descriptor: int | None = None
        self._closed = False
        self._one_at_a_time = threading.Lock()  # a cancelled request closes while its last read still runs
        self.size = 0

    async def read(self, start: int, length: int) -> AsyncIterator[bytes]:
        while length:
            chunk = await self._storage.run(self._pread, start, min(length, READ_BYTES))
            if not chunk:
                raise Unavailable("The stored file is shorter than it should be.")
            yield chunk
            start += len(chunk)
            length -= len(chunk)

    def open(self) -> None:
        with self._one_at_a_time:
            if self._closed:
                return
            try:
                self._descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
            except FileNotFoundError as exc:
                raise BlobMissing from exc
            self.size = os.fstat(self._descriptor).st_size

    def close(self) -> None:
        with self._one_at_a_time:
            self._closed = True
            if self._descriptor is not None:
                os.close(self._descriptor)
            self._descriptor = None

    def _pread(self, start: int, length: int) -> bytes:
        with self._one_at_a_time:
            assert self._descriptor is not None
            return os.pread(self._descriptor, length, start)


class LocalStorage:
    """Implements `Storage`."""

    def __init__(self, root: Path, threads: ThreadPoolExecutor) -> None:
        self._blobs = root / "blobs"
        self._incoming = root / "incoming"
        self._threads = threads

    def path(self, key: str) -> Path:
        return self._blobs / key[:2] / key

    @asynccontextmanager
    async def stage(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[Staged]:
        file = StagingFile(self._incoming)
        try:
            await self._take_in(file, chunks)
            yield _LocalStaged(self, file)
        finally:
            await asyncio.shield(self.run(file.discard))

    async def _take_in(self, file: StagingFile, chunks: AsyncIterator[bytes]) -> None:
        batch: list[bytes] = []
        collected = 0
        async for chunk in chunks:
            batch.append(chunk)
            collected += len(chunk)
            if collected >= _WRITE_BYTES:
                await self.run(file.write, batch)
                batch, collected = [], 0
        await self.run(file.write, batch)

    @asynccontextmanager
    async def open(self, key: str) -> AsyncIterator[Blob]:
        blob = _LocalBlob(self, self.path(key))
        try:
            await self.run(blob.open)
            yield blob
        finally:
            await asyncio.shield(self.run(blob.close))

    async def delete(self, key: str) -> None:
        await self.run(_remove, self.path(key))

    async def check(self) -> None:
        await self.run(_try_writing, self._incoming)

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call `work` in a thread. Work that has begun ends, also when nobody waits for it any more."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, lambda: work(*args, **kwargs))
        except OSError as exc:
            if exc.errno in _NO_ROOM:
                raise InsufficientStorage from exc
            raise Unavailable("The files can't be reached.") from exc

    def prepare(self) -> None:
        """Make the folders, and remove what dead processes left half written. Raises OSError."""
        self._blobs.parent.mkdir(parents=True, exist_ok=True)
        shards = [self._blobs / f"{number:02x}" for number in range(256)]
        for folder in (self._incoming, self._blobs, *shards):
            folder.mkdir(mode=0o700, exist_ok=True)
        sync_folder(self._blobs)
        sync_folder(self._blobs.parent)
        if cleared := clear_leftovers(self._incoming):
            log.info("unfinished_uploads_cleared", files=cleared)


def _remove(path: Path) -> None:
    """Without the sync, a power cut could bring back a blob that nothing tells of."""
    path.unlink(missing_ok=True)
    sync_folder(path.parent)


def _try_writing(folder: Path) -> None:
    file = StagingFile(folder)
    try:
        file.write([b"\0"])
    finally:
        file.discard()


@asynccontextmanager
async def open_local_storage(root: Path) -> AsyncIterator[LocalStorage]:
    """Raises OSError when the folder can't be used."""
    threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="storage")
    try:
        storage = LocalStorage(root, threads)
        await asyncio.get_running_loop().run_in_executor(threads, storage.prepare)
        yield storage
    finally:
        await asyncio.to_thread(threads.shutdown)
