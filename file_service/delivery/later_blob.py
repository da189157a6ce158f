"""A blob that is opened only while it is read, as those are that a reader comes to later."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from file_service.domain.file import HeldBlob
from file_service.storage.contract import Storage


@dataclass(frozen=True, slots=True)
class LaterBlob:
    """Implements `Blob`. It may be gone when it is read."""

    storage: Storage
    held: HeldBlob

    @property
    def size(self) -> int:
        return self.held.size

    async def read(self, start: int, length: int) -> AsyncIterator[bytes]:
        """Raises BlobMissing too."""
        async with self.storage.open(self.held.storage_key) as blob:
            async for chunk in blob.read(start, length):
                yield chunk
