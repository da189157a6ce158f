"""One blob being written to the local disk.

BlobFile's methods block, so they are called in threads; one at a time works. It is written where it will lie: nobody
knows its key before its row is committed, and what a process leaves half written when it dies is found by the key that
was noted before.
"""

import asyncio
import ctypes
import hashlib
import os
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from file_service.storage.threads import DiskThreads

_MOST_PIECES = 512  # below IOV_MAX, what one writev takes
_WRITE_OUT = getattr(ctypes.CDLL(None, use_errno=True), "sync_file_range", None)  # Linux has it
_BEGIN = 2  # SYNC_FILE_RANGE_WRITE: begin to write out what isn't yet, and don't wait
_WORTHWHILE = 1 << 19  # bytes; less is written out by the sync itself as fast


class BlobFile:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None
        self._ended = False
        self._one_at_a_time = threading.Lock()  # a cancelled request discards while its last write still runs
        self._hash = hashlib.sha256()
        self._begun = 0  # bytes that the kernel writes out already
        self.size = 0

    @property
    def sha256(self) -> bytes:
        return self._hash.digest()

    def write(self, pieces: Sequence[bytes]) -> None:
        """Raises OSError, also for a file that exists already."""
        with self._one_at_a_time:
            self._write(pieces)

    def finish(self, pieces: Sequence[bytes]) -> None:
        """Write the last pieces; return only when the bytes and their name would survive a power cut."""
        with self._one_at_a_time:
            self._write(pieces)
            assert self._descriptor is not None
            os.fsync(self._descriptor)
            sync_folder(self._path.parent)
            self._close()

    def discard(self) -> None:
        """Close, and remove what is not finished."""
        with self._one_at_a_time:
            if self._descriptor is not None:
                with suppress(FileNotFoundError):
                    self._path.unlink()
            self._close()

    def _close(self) -> None:
        self._ended = True
        if self._descriptor is not None:
            os.close(self._descriptor)
        self._descriptor = None

    def _write(self, pieces: Sequence[bytes]) -> None:
        if self._ended:
            raise OSError("the upload was discarded meanwhile")
        if self._descriptor is None:
            self._descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        for start in range(0, len(pieces), _MOST_PIECES):
            some = pieces[start : start + _MOST_PIECES]
            _write_all(self._descriptor, some)
            for piece in some:
                self._hash.update(piece)
                self.size += len(piece)
        if self.size - self._begun >= _WORTHWHILE:
            begin_writing_out(self._descriptor, self._begun, self.size - self._begun)
            self._begun = self.size


class Writing:
    """Has one batch written while the next is collected."""

    def __init__(self, threads: DiskThreads, file: BlobFile) -> None:
        self._threads = threads
        self._file = file
        self._under_way: asyncio.Task[None] | None = None

    async def begin(self, batch: Sequence[bytes]) -> None:
        """Raises what writing the batch before did."""
        await self.settle()
        self._under_way = asyncio.create_task(self._threads.run(self._file.write, batch))

    async def settle(self) -> None:
        """Wait for the batch under way, and raise what writing it did."""
        if self._under_way is not None:
            await self._under_way
            self._under_way = None

    def abandon(self) -> None:
        """Have nobody asked any more what became of the batch under way."""
        if self._under_way is not None:
            self._under_way.add_done_callback(lambda task: task.cancelled() or task.exception())
            self._under_way.cancel()


def begin_writing_out(descriptor: int, start: int, length: int) -> None:
    """Have the disk work while more comes, so that the sync at the end waits for little. It promises nothing."""
    if _WRITE_OUT is not None:
        _WRITE_OUT(descriptor, ctypes.c_int64(start), ctypes.c_int64(length), _BEGIN)


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_all(descriptor: int, pieces: Sequence[bytes]) -> None:
    left = sum(map(len, pieces))
    written = os.writev(descriptor, pieces)
    if written < left:  # the disk is full, or a signal came: the rest tells
        view = memoryview(b"".join(pieces))[written:]
        while view:
            view = view[os.write(descriptor, view) :]
