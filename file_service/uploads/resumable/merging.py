"""Joins small blobs of an open upload, so that one that comes in tiny pieces doesn't stay thousands of blobs for ever.

    read neighbours -> write them as one blob -> transaction: keep it, give them up

A crash anywhere leaves the upload as it was, or the new blob in place of the old ones; the collector finds the others.
Runs are of blobs of similar size, so that no byte is copied more often than there are sizes below.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from file_service.domain.file import HeldBlob
from file_service.repository.blobs import blobs_of, expect_blob, give_up_blob, keep_blob, replace_blobs
from file_service.repository.uploads import UploadRepository
from file_service.storage.contract import Storage, new_key
from shared.db import Database

EVERY = 32  # pieces; a run of that many is worth a blob
_SIZES = (4 * 1024, 64 * 1024, 1024 * 1024)  # what counts as small, step by step


@dataclass(frozen=True, slots=True)
class Merging:
    database: Database
    storage: Storage

    async def merge(self, upload_id: UUID) -> None:
        """Join what can be joined. Raises Unavailable, InsufficientStorage or BlobMissing, and changes nothing then."""
        while run := run_to_merge(await blobs_of(self.database, upload_id)):
            if not await self._replace(upload_id, run):
                return

    async def _replace(self, upload_id: UUID, run: Sequence[HeldBlob]) -> bool:
        key = new_key()
        await expect_blob(self.database, key)
        written = await self.storage.write(key, bytes_of(self.storage, run))
        async with self.database.transaction() as connection:
            is_open = await UploadRepository(connection).lock(upload_id) is not None
            if is_open and await replace_blobs(connection, upload_id, run):
                await keep_blob(connection, upload_id, HeldBlob(key, run[0].start, written.size, written.sha256))
                return True
        await give_up_blob(self.database, key)  # the upload has ended meanwhile, or another has done the same
        return False


def run_to_merge(blobs: Sequence[HeldBlob]) -> Sequence[HeldBlob]:
    """Return EVERY neighbours that are small, the smallest first; nothing where there are no such."""
    for size in _SIZES:
        run: list[HeldBlob] = []
        for blob in blobs:
            run = [*run, blob] if blob.size <= size else []
            if len(run) == EVERY:
                return run
    return ()


async def bytes_of(storage: Storage, blobs: Sequence[HeldBlob]) -> AsyncIterator[bytes]:
    """Yield what lies in the blobs, one after the other, each open only while it is read. Raises BlobMissing."""
    for held in blobs:
        async with storage.open(held.storage_key) as blob:
            async for chunk in blob.read(0, held.size):
                yield chunk
