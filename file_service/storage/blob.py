"""One blob of the local disk, open for reading."""

import os
import threading
from collections.abc import AsyncIterator
from pathlib import Path

from file_service.storage.contract import BlobMissing, Use
from file_service.storage.threads import DiskThreads
from shared.errors import Unavailable

READ_BYTES = 262_144


class LocalBlob:
    """The descriptor keeps the bytes alive when the file is deleted meanwhile."""

    def __init__(self, threads: DiskThreads, path: Path) -> None:
        self._threads = threads
        self._path = path
        self._descriptor: int | None = None
        self._closed = False
        self._one_at_a_time = threading.Lock()  # a cancelled request closes while its last read still runs
        self.size = 0

    async def read(self, start: int, length: int) -> AsyncIterator[bytes]:
        while length:
            chunk = await self._threads.run(self._pread, start, min(length, READ_BYTES))
            if not chunk:
                raise Unavailable("The stored file is shorter than it should be.")
            yield chunk
            start += len(chunk)
            length -= len(chunk)

    async def lend(self, use: Use, start: int, length: int) -> int | None:
        return await self._threads.run(self._lend, use, start, length)

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

    def _lend(self, use: Use, start: int, length: int) -> int | None:
        with self._one_at_a_time:
            assert self._descriptor is not None
            return use(self._descriptor, start, length)

    def _pread(self, start: int, length: int) -> bytes:
        with self._one_at_a_time:
            assert self._descriptor is not None
            return os.pread(self._descriptor, length, start)
