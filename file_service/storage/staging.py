"""One file being written to the local disk. Its methods block, so they are called in threads; one at a time works.

The temporary file lies in the file system of the final one, so that publishing is a rename. It is locked (flock) while
it is written: a file that isn't is the leftover of a process that died, and `clear_leftovers` removes it.
"""

import fcntl
import hashlib
import os
import secrets
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path


class StagingFile:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path: Path | None = None
        self._descriptor: int | None = None
        self._discarded = False
        self._one_at_a_time = threading.Lock()  # a cancelled request discards while its last write still runs
        self._hash = hashlib.sha256()
        self.size = 0

    @property
    def sha256(self) -> bytes:
        return self._hash.digest()

    def write(self, chunks: Sequence[bytes]) -> None:
        data = b"".join(chunks)
        with self._one_at_a_time:
            descriptor = self._open()
            self._hash.update(data)
            self.size += len(data)
            _write_all(descriptor, data)

    def publish(self, target: Path) -> None:
        """Return only when the bytes and their name would survive a power cut."""
        with self._one_at_a_time:
            os.fsync(self._open())
            assert self._path is not None
            self._path.rename(target)
            self._path = None
            sync_folder(target.parent)

    def discard(self) -> None:
        """Close; remove what was not published."""
        with self._one_at_a_time:
            self._discarded = True
            if self._path is not None:
                with suppress(FileNotFoundError):
                    self._path.unlink()
            if self._descriptor is not None:
                os.close(self._descriptor)
            self._path = self._descriptor = None

    def _open(self) -> int:
        """Open on first use, so that no file is made that nobody discards. Raises OSError."""
        if self._discarded:
            raise OSError("the upload was discarded meanwhile")
        while self._descriptor is None:
            path = self._folder / secrets.token_hex(16)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            if _lock(descriptor):
                self._path, self._descriptor = path, descriptor
            else:  # a starting process was faster, and takes the file for a leftover
                os.close(descriptor)
        return self._descriptor


def clear_leftovers(folder: Path) -> int:
    """Remove the temporary files of processes that are gone, and return how many there were."""
    cleared = 0
    for path in folder.iterdir():
        with suppress(FileNotFoundError):
            descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
            try:
                if _lock(descriptor):
                    path.unlink()
                    cleared += 1
            finally:
                os.close(descriptor)
    return cleared


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> bool:
    """Take the file for ours, unless another has it or has removed it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return os.fstat(descriptor).st_nlink > 0


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
