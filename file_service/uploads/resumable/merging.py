"""Joins blobs of an open upload, so that a file is of few, however small the pieces were that it came in.

    read neighbours -> write them as one blob -> transaction: keep it, give them up

A crash anywhere leaves the upload as it was, or the new blob in place of the old ones; the collector finds the others.
"""

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from uuid import UUID

from file_service.collector import Collector
from file_service.domain.file import HeldBlob
from file_service.repository.blobs import blobs_of, keep_blob, replace_blobs
from file_service.repository.uploads import UploadRepository
from file_service.storage.contract import BlobMissing, Storage
from shared.db import Database

EVERY = 32  # pieces; a run of that many is worth a blob
MEAN = 8 * 1024**2  # bytes that a blob has in the mean, where there are many


@dataclass(frozen=True, slots=True)
class Merging:
    database: Database
    storage: Storage
    collector: Collector

    async def merge(self, upload_id: UUID) -> None:
        """Join what can be joined. Raises Unavailable, InsufficientStorage or BlobMissing, and changes nothing then."""
        while run := run_to_merge(await blobs_of(self.database, upload_id)):
            if not await self._replace(upload_id, run):
                return

    async def _replace(self, upload_id: UUID, run: Sequence[HeldBlob]) -> bool:
        """Return whether it was done; it isn't where the upload has ended, or another has done the same."""
        async with self.collector.expected() as expected:
            try:
                written = await self.storage.write(expected.key, bytes_of(self.storage, run))
                joined = HeldBlob(expected.key, run[0].start, written.size, written.sha256)
                expected.kept = await self._record(upload_id, run, joined)
            except BlobMissing:
                if await self._are_held(upload_id, run):
                    raise
        return expected.kept

    async def _record(self, upload_id: UUID, run: Sequence[HeldBlob], joined: HeldBlob) -> bool:
        async with self.database.transaction() as connection:
            if await UploadRepository(connection).lock(upload_id) is None:
                return False
            is_replaced = await replace_blobs(connection, upload_id, run)
            if is_replaced:
                await keep_blob(connection, upload_id, joined)
        return is_replaced

    async def _are_held(self, upload_id: UUID, run: Sequence[HeldBlob]) -> bool:
        return set(run) <= set(await blobs_of(self.database, upload_id))


def run_to_merge(blobs: Sequence[HeldBlob]) -> Sequence[HeldBlob]:
    """Return neighbours to join; nothing where there are fewer than EVERY blobs, and one more for each MEAN bytes.

    It is those by which a blob less costs the fewest bytes to be written again. Where there are too many blobs, there
    are two neighbours of less than twice MEAN together, so merging until nothing is returned comes to that number.
    """
    if len(blobs) < EVERY + sum(blob.size for blob in blobs) // MEAN:
        return ()
    _, first, last = min(_small_runs([blob.size for blob in blobs]), key=itemgetter(0))
    return blobs[first : last + 1]


def _small_runs(sizes: Sequence[int]) -> Iterator[tuple[float, int, int]]:
    """Yield all runs of 2 to EVERY neighbours of less than twice MEAN together: what a blob less costs, first, last."""
    for first in range(len(sizes)):
        size = sizes[first]
        for last in range(first + 1, min(first + EVERY, len(sizes))):
            size += sizes[last]
            if size >= 2 * MEAN:
                break
            yield size / (last - first), first, last


async def bytes_of(storage: Storage, blobs: Sequence[HeldBlob]) -> AsyncIterator[bytes]:
    """Yield what lies in the blobs, one after the other, each open only while it is read. Raises BlobMissing."""
    for held in blobs:
        async with storage.open(held.storage_key) as blob:
            async for chunk in blob.read(0, held.size):
                yield chunk
