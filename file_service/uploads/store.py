"""Stores a file that comes in one request: bytes first, durably; then, in one transaction, the row, the quota and the
remembered answer.

    note the blob -> write it -> transaction: keep the blob, add the row, settle the quota

A crash anywhere leaves either a file or a blob that the collector finds. So no blob is ever orphaned, and no row is
without its blob.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from uuid import UUID

from file_service.collector import Collector
from file_service.domain.file import File, HeldBlob, NewFile
from file_service.domain.names import safe_name
from file_service.domain.purposes import DEFAULT, Purpose, Purposes
from file_service.domain.sharing import UploadLink
from file_service.errors import QuotaExceeded, UploadLinkIsOver
from file_service.inspection.acceptance import accepted_type
from file_service.inspection.head import Head
from file_service.metrics import BYTES_STORED, UPLOADS
from file_service.repository.blobs import keep_blob
from file_service.repository.files import FileRepository
from file_service.repository.upload_links import settle_upload_link
from file_service.uploads.in_flight import InFlight
from file_service.uploads.incoming import Incoming, UploadRequest
from file_service.uploads.intake import Intake
from file_service.views import FileView, metadata_etag, present
from shared.db import Connection
from shared.errors import AppError
from shared.ids import uuid7
from shared.web.answers import Created
from shared.web.idempotency import Claim, is_answered, once

_SCHEMA = "files"


@dataclass(frozen=True, slots=True)
class Limits:
    """Both in bytes: of one file, and of all files of one owner."""

    file: int
    quota: int


@dataclass(frozen=True, slots=True)
class _Arriving:
    """A file of which nothing is known yet but who sends it and what for."""

    owner_id: UUID
    purpose: Purpose
    incoming: Incoming
    room: int
    link: UploadLink | None


class Uploads:
    def __init__(self, intake: Intake, collector: Collector, limits: Limits, purposes: Purposes) -> None:
        self._intake = intake
        self._database = intake.content.database
        self._storage = intake.content.storage
        self._collector = collector
        self._limits = limits
        self._purposes = purposes
        self._in_flight = InFlight(2 * limits.quota)  # room for one retry of what broke off unnoticed

    async def store(self, owner_id: UUID, request: UploadRequest, key_hash: bytes | None) -> Created[FileView]:
        """Return the answer for the stored file, or the first one's if `key_hash` (Idempotency-Key) was used before.

        Raises FileTooLarge, QuotaExceeded, TypeNotAllowed or ExtensionMismatch as soon as it is known, UnknownPurpose,
        what the intake raises, InsufficientStorage, Unauthenticated, Unavailable, the failures of `once`, and what
        reading `request` raises. What comes by a link is counted there, and raises QuotaExceeded or UploadLinkIsOver
        for that too. Then nothing is kept.
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
        purpose = self._purposes.get(request.purpose)
        room = await self._room(owner_id, key_hash)
        if request.link is not None:
            room = min(room, request.link.room)
        self._check(request.least_size, purpose, room)
        async with request.open() as incoming, self._collector.expected() as expected:
            arriving = _Arriving(owner_id, purpose, incoming, room, request.link)
            new, blob = await self._write(arriving, expected.key)
            claim = Claim(key_hash, _fingerprint(new)) if key_hash is not None else None
            answer, expected.kept = await self._commit(new, blob, claim)
        if not expected.kept:
            return answer, "replayed"
        BYTES_STORED.inc(new.size)
        return answer, "stored"

    async def _room(self, owner_id: UUID, key_hash: bytes | None) -> int:
        """Return how many bytes may come: what is repeated was settled the first time, and nothing more is kept."""
        room = await FileRepository(self._database).room(owner_id, self._limits.quota)
        if key_hash is not None and await is_answered(self._database, _SCHEMA, key_hash):
            return self._limits.quota
        return room

    async def _write(self, arriving: _Arriving, key: str) -> tuple[NewFile, HeldBlob]:
        head, incoming, purpose = Head(), arriving.incoming, arriving.purpose
        name, content_type = safe_name(incoming.name), ""

        def look(content: bytes) -> None:
            nonlocal content_type
            content_type = accepted_type(purpose, name, content, incoming.declared_type)

        with self._in_flight.upload(arriving.owner_id) as take:
            written = await self._storage.write(key, head.watch(self._limited(arriving, take), look))
        new = NewFile(
            file_id=uuid7(),
            owner_id=arriving.owner_id,
            name=name,
            size=written.size,
            content_type=content_type,
            sha256=written.sha256,
            purpose=purpose.name,
            via=arriving.link.link_id if arriving.link is not None else None,
        )
        blob = HeldBlob(key, 0, written.size, written.sha256)
        return await self._intake.admit(new, [blob]), blob

    async def _limited(self, arriving: _Arriving, take: Callable[[int], None]) -> AsyncIterator[bytes]:
        size = 0
        async for chunk in arriving.incoming.chunks:
            size += len(chunk)
            self._check(size, arriving.purpose, arriving.room)
            take(len(chunk))
            yield chunk

    def _check(self, size: int, purpose: Purpose, room: int) -> None:
        purpose.check_size(size, self._limits.file)
        if size > room:
            raise QuotaExceeded(f"There is room for {room} more bytes.")

    async def _commit(self, new: NewFile, blob: HeldBlob, claim: Claim | None) -> tuple[Created[FileView], bool]:
        """Return the answer, and whether it is the first one to this request: only then the blob is kept."""
        recorded: list[File] = []
        async with self._database.transaction() as connection:

            async def record() -> Created[FileView]:
                recorded.append(await self._record(connection, new, blob))
                return _created(recorded[0])

            answer = await once(connection, _SCHEMA, claim, FileView, record)
        return answer, bool(recorded)

    async def _record(self, connection: Connection, new: NewFile, blob: HeldBlob) -> File:
        file = await FileRepository(connection).add(new, self._limits.quota)
        await keep_blob(connection, file.file_id, blob)
        if file.via is not None and not await settle_upload_link(connection, file.via, file.size):
            raise UploadLinkIsOver("Others were faster, or it was taken back.")
        return file


def _fingerprint(new: NewFile) -> bytes:
    """The usual purpose isn't in it, as none was in those of before: a repetition to another release is still one."""
    told = [new.name, new.content_type] + ([new.purpose] if new.purpose != DEFAULT else [])
    return hashlib.sha256(b"\0".join((new.sha256, *(each.encode() for each in told)))).digest()


def _created(file: File) -> Created[FileView]:
    return Created(present(file), metadata_etag(file), location=f"/v1/files/{file.file_id}")
