"""A file's bytes, wherever they lie: its blobs, read one after the other as if they were one."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from file_service.domain.file import File, HeldBlob
from file_service.repository.blobs import blobs_of
from file_service.repository.files import FileRepository
from file_service.storage.contract import Blob, BlobMissing, Storage
from shared.db import Database
from shared.errors import AppError, InternalError
from shared.logs import log


@dataclass(frozen=True, slots=True)
class Run:
    """`length` bytes of a blob, from its `start`."""

    blob: Blob
    start: int
    length: int


@dataclass(frozen=True, slots=True)
class OpenContent:
    """All blobs are open, so that a deletion meanwhile changes nothing."""

    pieces: Sequence[tuple[HeldBlob, Blob]]

    async def read(self, start: int, length: int) -> AsyncIterator[bytes]:
        """Yield `length` bytes from `start`, in chunks of bounded size. Raises Unavailable where there are fewer."""
        for run in self.runs(start, length):
            async for chunk in run.blob.read(run.start, run.length):
                yield chunk

    def runs(self, start: int, length: int) -> Iterator[Run]:
        """Yield where these bytes lie."""
        end = start + length
        for held, blob in self.pieces:
            first, last = max(start, held.start), min(end, held.start + held.size)
            if first < last:
                yield Run(blob, first - held.start, last - first)


@dataclass(frozen=True, slots=True)
class Content:
    database: Database
    storage: Storage

    @asynccontextmanager
    async def open(self, file: File) -> AsyncIterator[OpenContent]:
        """Raises NotFound when the file has been deleted since its row was read, InternalError when a blob is lost."""
        async with AsyncExitStack() as stack:
            held = await blobs_of(self.database, file.file_id)
            try:
                content = await stack.enter_async_context(self.open_blobs(held))
            except BlobMissing as exc:
                raise await self._loss(file, exc) from exc
            if sum(each.size for each in held) != file.size:
                raise await self._loss(file)
            yield content

    @asynccontextmanager
    async def open_blobs(self, held: Sequence[HeldBlob]) -> AsyncIterator[OpenContent]:
        """Lend these blobs as one content. Raises BlobMissing."""
        async with AsyncExitStack() as stack:
            yield OpenContent(
                [(each, await stack.enter_async_context(self.storage.open(each.storage_key))) for each in held]
            )

    async def _loss(self, file: File, exc: BaseException | None = None) -> AppError:
        """Return what to raise where bytes are missing. Raises NotFound where the file is gone, which is why."""
        await FileRepository(self.database).get(file.owner_id, file.file_id)
        log.error("blob_missing", exc, **{"colonnade.file.id": str(file.file_id)})
        return InternalError()
