"""Compares what lies in the storage with what the database knows of.

Everything moves meanwhile: blobs are written, kept, given up and deleted. The storage is listed first, the database
asked after, and whatever doesn't fit is looked at once more, one by one. That settles it: a blob is noted before it is
written and deleted before it is forgotten, keys are never used twice, and what is held stays.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from file_service.repository.blobs import GRACE_HOURS
from file_service.repository.scrub import KnownBlob, ScrubRepository
from file_service.scrub.findings import Finding
from file_service.storage.contract import SHARDS, BlobMissing, Storage, Stored, is_key

GRACE = timedelta(hours=GRACE_HOURS + 1)  # clocks differ


@dataclass
class Seen:
    blobs: int = 0


@dataclass(frozen=True, slots=True)
class Listings:
    repository: ScrubRepository
    storage: Storage
    grace: timedelta = GRACE
    seen: Seen = field(default_factory=Seen)

    async def findings(self) -> AsyncIterator[Finding]:
        """Raises Unavailable."""
        for shard in SHARDS:
            stored = {each.name: each for each in await self.storage.list_shard(shard)}
            self.seen.blobs += len(stored)
            known = {blob.storage_key: blob for blob in await self.repository.blobs_of_shard(shard)}
            for name in stored.keys() - known.keys():
                if (finding := await self._unknown(stored[name])) is not None:
                    yield finding
            for blob in known.values():
                if (finding := await self._doubtful(blob, stored)) is not None:
                    yield finding

    async def _unknown(self, stored: Stored) -> Finding | None:
        if not is_key(stored.name):
            return Finding(finding="foreign", key=stored.name, found=stored.size, modified_at=stored.modified_at)
        if stored.modified_at > datetime.now(UTC) - self.grace:
            return None
        gone = await self._size(stored.name) is None  # deleted since it was listed
        if gone or await self.repository.find_blob(stored.name) is not None:
            return None
        return Finding(finding="orphaned", key=stored.name, found=stored.size, modified_at=stored.modified_at)

    async def _doubtful(self, blob: KnownBlob, stored: Mapping[str, Stored]) -> Finding | None:
        listed = stored.get(blob.storage_key)
        if blob.holder_id is None or (listed is not None and listed.size == blob.size):
            return None
        size = await self._size(blob.storage_key)
        held = await self.repository.find_blob(blob.storage_key)
        if size == blob.size or held is None or held.holder_id is None:
            return None
        return Finding(
            finding="missing" if size is None else "wrong_size",
            key=blob.storage_key,
            holder=held.holder_id,
            expected=blob.size,
            found=size,
        )

    async def _size(self, key: str) -> int | None:
        try:
            async with self.storage.open(key) as blob:
                return blob.size
        except BlobMissing:
            return None
