"""Stores an upload: bytes first, durably; then, in one transaction, the row, the quota and the remembered answer.

    stage the bytes -> note the key in blob_deletion -> publish the blob -> transaction: take the key out, add the row

A crash anywhere leaves either a file or a key that the collector finds. So no blob is ever orphaned, and no row is
without its blob.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from file_service.collector import Collector
from file_service.content_types import stored_type
from file_service.domain import File, NewFile
from file_service.errors import FileTooLarge, QuotaExceeded
from file_service.metrics import BYTES_STORED, UPLOADS
from file_service.names import safe_name
from file_service.repository.blobs import expect_blob, give_up_blob, keep_blob
from file_service.repository.files import FileRepository
from file_service.storage.contract import Staged, Storage, new_key
from file_service.uploads.in_flight import InFlight
from file_service.uploads.incoming import Incoming, UploadRequest
from file_service.views import FileView, metadata_etag, present
from shared.db import Connection, Database
from shared.errors import AppError, Unavailable
from shared.web.answers import Created
from shared.web.idempotency import Claim, is_answered, once

_SCHEMA = "files"


@dataclass(frozen=True, slots=True)
class Limits:
    """Both in bytes: of one file, and of all files of one owner."""

    file: int
    quota: int


class Uploads:
    def __init__(self, database: Database, storage: Storage, collector: Collector, limits: Limits) -> None:
        self._database = database
        self._storage = storage
        self._collector = collector
        self._limits = limits
        self._in_flight = InFlight(2 * limits.quota)  # room for one retry of what broke off unnoticed

    async def store(self, owner_id: UUID, request: UploadRequest, key_hash: bytes | None) -> Created[FileView]:
        """Return the answer for the stored file, or the first one's if `key_hash` (Idempotency-Key) was used before.

        Raises FileTooLarge or QuotaExceeded as soon as it is known, InsufficientStorage, Unauthenticated, Unavailable,
        the failures of `once`, and what reading `request` raises. Then nothing is kept.
        """
        try:
            answer, outcome = await self._store(owner_id, request, key_hash)
        except AppError as exc:
            UPLOADS.labels(exc.code).inc()
            raise
        except (ConnectionError, asyncio.CancelledError):
            UPLOADS.labels("aborted").inc()
            raise
        UPLOADS.labels(outcome).inc()
        return answer

    async def _store(
        self, owner_id: UUID, request: UploadRequest, key_hash: bytes | None
    ) -> tuple[Created[FileView], str]:
        room = await self._room(owner_id, key_hash)
        self._check(request.least_size, room)
        incoming = await request.read()
        with self._in_flight.upload(owner_id) as take:
            async with self._storage.stage(self._limited(incoming.chunks, room, take)) as staged:
                new = _describe(owner_id, incoming, staged)
                claim = Claim(key_hash, _fingerprint(new)) if key_hash is not None else None
                return await self._commit(new, staged, claim)

    async def _room(self, owner_id: UUID, key_hash: bytes | None) -> int:
        """Return how many bytes may come: what is repeated was settled the first time, and nothing more is kept."""
        room = await FileRepository(self._database).room(owner_id, self._limits.quota)
        if key_hash is not None and await is_answered(self._database, _SCHEMA, key_hash):
            return self._limits.quota
        return room

    async def _limited(
        self, chunks: AsyncIterator[bytes], room: int, take: Callable[[int], None]
    ) -> AsyncIterator[bytes]:
        size = 0
        async for chunk in chunks:
            size += len(chunk)
            self._check(size, room)
            take(len(chunk))
            yield chunk

    def _check(self, size: int, room: int) -> None:
        if size > self._limits.file:
            raise FileTooLarge(f"A file may have {self._limits.file} bytes.")
        if size > room:
            raise QuotaExceeded(f"There is room for {room} more bytes.")

    async def _commit(self, new: NewFile, staged: Staged, claim: Claim | None) -> tuple[Created[FileView], str]:
        recorded: list[File] = []
        await expect_blob(self._database, new.storage_key)
        try:
            await staged.publish(new.storage_key)
            async with self._database.transaction() as connection:

                async def record() -> Created[FileView]:
                    recorded.append(await self._record(connection, new))
                    return _created(recorded[0])

                answer = await once(connection, _SCHEMA, claim, FileView, record)
        except AppError:
            await self._give_up(new.storage_key)
            raise
        if not recorded:
            await self._give_up(new.storage_key)
            return answer, "replayed"
        BYTES_STORED.inc(new.size)
        return answer, "stored"

    async def _record(self, connection: Connection, new: NewFile) -> File:
        file = await FileRepository(connection).add(new, self._limits.quota)
        await keep_blob(connection, new.storage_key)
        return file

    async def _give_up(self, key: str) -> None:
        """Where even this fails, the key becomes due by itself."""
        with suppress(Unavailable):
            await give_up_blob(self._database, key)
        self._collector.nudge()


def _describe(owner_id: UUID, incoming: Incoming, staged: Staged) -> NewFile:
    return NewFile(
        owner_id=owner_id,
        name=safe_name(incoming.name),
        size=staged.size,
        content_type=stored_type(staged.head, incoming.declared_type),
        sha256=staged.sha256,
        storage_key=new_key(),
    )


def _fingerprint(new: NewFile) -> bytes:
    return hashlib.sha256(b"\0".join((new.sha256, new.name.encode(), new.content_type.encode()))).digest()


def _created(file: File) -> Created[FileView]:
    return Created(present(file), metadata_etag(file), location=f"/v1/files/{file.file_id}")
