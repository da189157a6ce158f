"""What of a blob waits on this machine until an object store gets it: in memory while it is little, else in a file
without a name. So many slow uploads at once cost disk, never memory. Its methods block, so they are called in threads.
"""

import hashlib
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import IO

IN_MEMORY = 262_144  # bytes


class Spool:
    """`size` and `sha256` are of all that was ever added, `waiting` of what hasn't been taken out."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._memory: list[bytes] = []
        self._file: IO[bytes] | None = None
        self._closed = False
        self._one_at_a_time = threading.Lock()  # a cancelled request closes while its last write still runs
        self._hash = hashlib.sha256()
        self.size = self.waiting = 0

    @property
    def sha256(self) -> bytes:
        return self._hash.digest()

    def add(self, chunks: Sequence[bytes]) -> None:
        """Raises OSError, also where the spool was closed meanwhile."""
        data = b"".join(chunks)
        with self._one_at_a_time:
            self._hash.update(data)
            self.size += len(data)
            self.waiting += len(data)
            if self._file is None and self.waiting <= IN_MEMORY:
                self._memory.append(data)
            else:
                self._spill(data)

    def take(self, most: int) -> bytes:
        """Return what waits, up to `most` bytes, and make room for more."""
        with self._one_at_a_time:
            if self._file is None:
                return self._take_from_memory(most)
            self._file.seek(0)
            data, rest = self._file.read(most), self._file.read()
            self._file.seek(0)
            self._file.truncate()
            self._spill(rest)
            self.waiting = len(rest)
            return data

    def close(self) -> None:
        with self._one_at_a_time:
            self._closed = True
            self._memory.clear()
            if self._file is not None:
                self._file.close()
            self._file = None

    def _take_from_memory(self, most: int) -> bytes:
        data = b"".join(self._memory)
        self._memory = [data[most:]]
        self.waiting = len(self._memory[0])
        return data[:most]

    def _spill(self, data: bytes) -> None:
        if self._closed:
            raise OSError("the upload was given up meanwhile")
        if self._file is None:
            self._file = tempfile.TemporaryFile(dir=self._folder, buffering=0)  # noqa: SIM115  `close` closes it
            data = b"".join([*self._memory, data])
            self._memory.clear()
        view = memoryview(data)
        while view:
            view = view[self._file.write(view) :]
