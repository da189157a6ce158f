"""Pictures of files: those that were made before, and those that have to be made, once for all who ask meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

import msgspec

from file_service.collector import Collector
from file_service.delivery.content import Content
from file_service.domain.file import File, HeldBlob
from file_service.errors import NotAPicture, PictureTooCostly
from file_service.pictures.failures import Failures
from file_service.pictures.pool import PicturePool
from file_service.pictures.specification import Specification
from file_service.repository.blobs import keep_blob
from file_service.repository.renditions import Rendition, RenditionRepository, add_rendition
from shared.db import Database
from shared.errors import Unavailable
from shared.ids import uuid7
from shared.logs import log

SOURCES = ("image/jpeg", "image/png", "image/apng", "image/webp", "image/gif", "image/tiff", "image/bmp", "image/avif")
MOST_SOURCE_BYTES = 64 * 1024**2
_SECONDS = 20  # of processor time for one picture


class _Wish(msgspec.Struct, frozen=True):
    """The line that a worker reads."""

    width: int
    height: int
    fit: str
    format: str
    quality: int
    length: int
    seconds: int = _SECONDS


@dataclass(frozen=True, slots=True)
class Renditions:
    content: Content
    collector: Collector
    pool: PicturePool
    failures: Failures = field(default_factory=Failures)
    _being_sought: dict[tuple[str, str], "asyncio.Task[Rendition]"] = field(default_factory=dict)

    @property
    def database(self) -> Database:
        return self.content.database

    async def get(self, file: File, specification: Specification) -> File:
        """Return the picture as a file whose blobs its own id holds.

        Raises NotAPicture, PictureTooCostly, NotFound, Unavailable, and what opening the content raises.
        """
        if file.content_type not in SOURCES:
            raise NotAPicture(f"The file is {file.content_type}.")
        if file.size > MOST_SOURCE_BYTES:
            raise PictureTooCostly(f"Pictures are made of files of up to {MOST_SOURCE_BYTES} bytes.")
        return _as_file(file, await asyncio.shield(self._task(file, specification)))

    async def forget(self, file: File, picture: File) -> None:
        """Have a picture of `file` made anew, by whoever asks next, that `get` returned and whose bytes are gone."""
        if await RenditionRepository(self.database).remove(picture.file_id):
            log.error("picture_lost", **{"colonnade.file.id": str(file.file_id)})

    async def close(self) -> None:
        """Make no more pictures; whoever waits for one is told that it was cancelled."""
        tasks = list(self._being_sought.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.pool.close()

    def _task(self, file: File, specification: Specification) -> "asyncio.Task[Rendition]":
        """Return what seeks or makes this picture already, or begins to. It goes on when all who asked are gone."""
        key = (file.file_id.hex, str(specification))
        task = self._being_sought.get(key)
        if task is None:
            task = asyncio.create_task(self._find_or_make(file, specification), name=f"picture of {file.file_id}")
            self._being_sought[key] = task
            task.add_done_callback(lambda done: self._forget(key, done))
        return task

    def _forget(self, key: tuple[str, str], done: "asyncio.Task[Rendition]") -> None:
        del self._being_sought[key]
        if not done.cancelled():
            done.exception()  # whoever waits for it is told; perhaps nobody does any more

    async def _find_or_make(self, file: File, specification: Specification) -> Rendition:
        found = await RenditionRepository(self.database).find(file.file_id, str(specification))
        return found if found is not None else await self._make(file, specification)

    async def _make(self, file: File, specification: Specification) -> Rendition:
        self.failures.check(file.file_id)
        try:
            picture = await self.pool.make(_line(file, specification), self._source(file))
        except (NotAPicture, PictureTooCostly) as exc:
            self.failures.note(file.file_id, exc)
            raise
        return await self._keep(file, specification, picture)

    async def _source(self, file: File) -> AsyncIterator[bytes]:
        async with self.content.open(file) as opened:
            async for chunk in opened.read(0, file.size):
                yield chunk

    async def _keep(self, file: File, specification: Specification, picture: bytes) -> Rendition:
        async with self.collector.expected() as expected:
            written = await self.content.storage.write(expected.key, _once(picture))
            blob = HeldBlob(expected.key, 0, written.size, written.sha256)
            new = Rendition(uuid7(), written.size, specification.content_type, written.sha256)
            async with self.database.transaction() as connection:
                added = await add_rendition(connection, file.file_id, str(specification), new)
                if added:
                    await keep_blob(connection, new.rendition_id, blob)
            expected.kept = added
        if added:
            return new
        found = await RenditionRepository(self.database).find(file.file_id, str(specification))
        if found is None:  # another replica made it, and it is gone again
            raise Unavailable("The picture was deleted meanwhile.")
        return found


def _line(file: File, specification: Specification) -> bytes:
    wish = _Wish(
        specification.width,
        specification.height,
        specification.fit,
        specification.format,
        specification.quality,
        file.size,
    )
    return msgspec.json.encode(wish)


def _as_file(file: File, rendition: Rendition) -> File:
    return replace(
        file,
        file_id=rendition.rendition_id,
        size=rendition.size,
        content_type=rendition.content_type,
        sha256=rendition.sha256,
    )


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content
