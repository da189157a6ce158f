"""A file's bytes, wherever they lie: its blobs, read one after the other as if they were one."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from file_service.delivery.later_blob import LaterBlob
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
    """What was asked for. Its blobs are open as far as `Storage.spare` reaches: a deletion changes nothing in those.

    Who comes to another that was deleted meanwhile breaks off.
    """

    pieces: Sequence[tuple[HeldBlob, Blob]]

    async def read(self, start: int, length: int) -> AsyncIterator[bytes]:
        """Yield `length` bytes from `start`, in chunks of bounded size. Raises Unavailable or BlobMissing amid them."""
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
    async def open(self, file: File, start: int = 0, length: int | None = None) -> AsyncIterator[OpenContent]:
        """Lend `length` bytes from `start`, or all.

        Raises NotFound when the file has been deleted since its row was read, InternalError when a blob is lost; also
        where its reader finds that out.
        """
        end = file.size if length is None else start + length
        async with AsyncExitStack() as stack:
            held = await blobs_of(self.database, file.file_id)
            try:
                content = await stack.enter_async_context(self.open_blobs(_between(held, start, end)))
                if sum(each.size for each in held) != file.size:
                    raise await self._loss(file)
                yield content
            except BlobMissing as exc:
                raise await self._loss(file, exc) from exc

    async def beginning(self, file: File, most: int) -> bytes:
        """Return the first bytes, at most that many. Raises what `open` does."""
        length = min(file.size, most)
        async with self.open(file, 0, length) as content:
            return b"".join([chunk async for chunk in content.read(0, length)])

    @asynccontextmanager
    async def open_blobs(self, held: Sequence[HeldBlob]) -> AsyncIterator[OpenContent]:
        """Lend these blobs as one content. Raises BlobMissing."""
        async with AsyncExitStack() as stack:
            many = 1 + stack.enter_context(self.storage.spare.lend(max(0, len(held) - 1)))
            now, later = held[:many], held[many:]
            pieces = [(each, await stack.enter_async_context(self.storage.open(each.storage_key))) for each in now]
            yield OpenContent([*pieces, *((each, LaterBlob(self.storage, each)) for each in later)])

    async def _loss(self, file: File, exc: BaseException | None = None) -> AppError:
        """Return what to raise where bytes are missing. Raises NotFound where the file is gone, which is why."""
        await FileRepository(self.database).get(file.owner_id, file.file_id)
        log.error("blob_missing", exc, **{"colonnade.file.id": str(file.file_id)})
        return InternalError()


def _between(held: Sequence[HeldBlob], start: int, end: int) -> Sequence[HeldBlob]:
    """Return those in which these bytes lie."""
    return [each for each in held if start < each.start + each.size and each.start < end]
