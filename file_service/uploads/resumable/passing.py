"""Looks at a piece's bytes on their way into storage: what the file is, and what its hashes are."""

from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor
from typing import Any

from file_service.domain.purposes import Purpose
from file_service.domain.uploads import Kind, Upload
from file_service.errors import ChecksumMismatch
from file_service.inspection.acceptance import accepted_type
from file_service.inspection.head import HEAD_BYTES
from file_service.storage.contract import Written
from file_service.uploads.resumable.protocol import Checksum
from file_service.uploads.resumable.running_hashes import Hash
from file_service.uploads.resumable.side_hash import SideHash

_BY_STORAGE = "sha256"  # which storage tells of each blob anyway


class Passing:
    """`running` is the hash of all that came before, if it is wanted; it goes on with the piece."""

    def __init__(self, upload: Upload, purpose: Purpose, running: Hash | None, checksum: Checksum | None) -> None:
        self._upload = upload
        self._purpose = purpose
        self._head = upload.head
        self._checksum = checksum
        self._expected: Any = None
        if checksum is not None and checksum.algorithm != _BY_STORAGE:
            self._expected = checksum.new_hash()
        self.running = running
        self.owner_id = upload.owner_id
        self.is_checked = checksum is not None

    @property
    def head(self) -> bytes:
        """What the piece adds to the upload's head."""
        return self._head[len(self._upload.head) :]

    async def watch(
        self, chunks: AsyncIterator[bytes], take: Callable[[int], None], threads: Executor
    ) -> AsyncIterator[bytes]:
        """Pass `chunks` on, and tell `take` of their sizes. Raises what accepted_type does as soon as the head
        is there.

        Of a piece with a checksum that is for `check` to say: its bytes may be damaged.
        """
        side = SideHash(threads, [each for each in (self.running, self._expected) if each is not None])
        async for chunk in chunks:
            take(len(chunk))
            if len(self._head) < HEAD_BYTES:
                self._look(chunk)
            await side.add(chunk)
            yield chunk
        await side.end()

    def check(self, written: Written) -> None:
        """Raises ChecksumMismatch, and what accepted_type does."""
        if self._checksum is not None:
            found = written.sha256 if self._expected is None else self._expected.digest()
            check_digest(self._checksum, found)
            self._check_type()

    def _look(self, chunk: bytes) -> None:
        self._head += chunk[: HEAD_BYTES - len(self._head)]
        if not self.is_checked:
            self._check_type()

    def _check_type(self) -> None:
        """A shorter head is judged once the upload is complete."""
        if len(self._head) == HEAD_BYTES and self._upload.kind is Kind.WHOLE:
            accepted_type(self._purpose, self._upload.name, self._head, self._upload.declared_type)


def check_digest(checksum: Checksum, found: bytes) -> None:
    """Raises ChecksumMismatch."""
    if found != checksum.digest:
        raise ChecksumMismatch(f"The bytes' {checksum.algorithm} is another one; none of them is kept.")
