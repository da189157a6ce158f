"""Resumable uploads as their routes see them: begun, asked for, continued, ended. Any replica continues any of them."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID
from weakref import WeakValueDictionary

from file_service.domain.names import safe_name
from file_service.domain.purposes import Purposes
from file_service.domain.uploads import Kind, NewUpload, Upload
from file_service.errors import (
    MalformedUploadHeader,
    UploadLengthExceeded,
    UploadLinkFull,
    UploadOffsetMismatch,
    UploadTakesNoBytes,
)
from file_service.metrics import RESUMABLE_UPLOADS
from file_service.repository.files import FileRepository
from file_service.repository.quota import lock_owner, reserve
from file_service.repository.upload_links import has_upload_link_room
from file_service.repository.uploads import UploadRepository
from file_service.storage.contract import BlobMissing
from file_service.uploads.resumable.body import Body
from file_service.uploads.resumable.concatenation import Concatenation
from file_service.uploads.resumable.finishing import Finishing
from file_service.uploads.resumable.merging import EVERY
from file_service.uploads.resumable.protocol import Creation, Patch
from file_service.uploads.resumable.writer import Writer
from file_service.uploads.store import Limits
from shared.db import Connection, Database
from shared.errors import AppError, NotFound
from shared.ids import uuid7
from shared.logs import log
from shared.opaque_tokens import digest, is_sound, mint

_LABEL = "upl_"


@dataclass(frozen=True, slots=True)
class Resumable:
    database: Database
    purposes: Purposes
    limits: Limits
    lifetime: timedelta
    writer: Writer
    finishing: Finishing
    concatenation: Concatenation
    _locks: WeakValueDictionary[UUID, asyncio.Lock] = field(default_factory=WeakValueDictionary)

    async def create(self, owner_id: UUID, creation: Creation, via: UUID | None = None) -> tuple[Upload, str]:
        """Return the upload and its token, which is told to nobody else and kept nowhere.

        What comes `via` an upload link counts against that too, or raises UploadLinkFull.
        Raises UnknownPurpose, FileTooLarge, QuotaExceeded, TooManyUploads, Unauthenticated, and what joining does.
        """
        purpose = self.purposes.get(creation.metadata.get("purpose", ""))
        new = NewUpload(
            owner_id=owner_id,
            name=safe_name(creation.metadata.get("name", "")),
            declared_type=creation.metadata.get("type", ""),
            purpose=purpose.name,
            metadata=creation.raw_metadata,
            kind=creation.kind,
            length=creation.length,
            via=via,
            concat=creation.concat,
        )
        token = mint(_LABEL)
        if new.kind is Kind.FINAL:
            parts = [self._hash(part) for part in creation.parts]
            upload = await self.concatenation.join(new, parts, uuid7(), digest(token))
        else:
            purpose.check_size(new.length or 0, self.limits.file)
            upload = await self._add(new, digest(token))
        RESUMABLE_UPLOADS.labels("begun").inc()
        return await self._settled(upload), token

    async def get(self, owner_id: UUID, token: str) -> Upload:
        """Return how far the upload is, and finish it if only that is left. Raises NotFound, UploadGone."""
        return await self._settled(await self._find(owner_id, token))

    async def prepare(self, owner_id: UUID, token: str, patch: Patch) -> Upload:
        """Return the upload that `patch` may be written to.

        Raises NotFound, UploadGone, UploadTakesNoBytes, UploadOffsetMismatch, MalformedUploadHeader for another length
        than before, FileTooLarge, QuotaExceeded.
        """
        upload = await self._find(owner_id, token)
        if upload.kind is Kind.FINAL:
            raise UploadTakesNoBytes
        if upload.received != patch.offset:
            raise UploadOffsetMismatch(f"The upload is at {upload.received}.")
        if patch.length is None or patch.length == upload.length:
            return upload
        if upload.length is not None or patch.length < upload.received:
            raise MalformedUploadHeader("Upload-Length is another one than that of the upload.")
        self.purposes.get(upload.purpose).check_size(patch.length, self.limits.file)
        async with self.database.transaction() as connection:
            return await self._tell_length(connection, upload, patch.length)

    def room(self, upload: Upload) -> int:
        """Return how many bytes may still come."""
        if upload.length is not None:
            return upload.length - upload.received
        most = self.purposes.get(upload.purpose).max_bytes
        return min(self.limits.file, most or self.limits.file) - upload.received

    async def append(self, upload: Upload, body: Body, patch: Patch) -> Upload:
        """Return the upload with the bytes added, finished if they were the last. Raises what `Writer.take_in` does."""
        if body.length is not None and body.length > self.room(upload):
            raise UploadLengthExceeded
        pieces = upload.pieces
        try:
            written = await self.writer.take_in(upload, body, patch.checksum)
        except UploadOffsetMismatch:
            await UploadRepository(self.database).get_by_id(upload.upload_id)  # raises UploadGone where that is why
            raise
        if written.pieces // EVERY > pieces // EVERY and not written.becomes_a_file:
            await self._merge(written)
        return await self._settled(written)

    async def abandon(self, upload: Upload) -> None:
        """End an upload of which nobody knows, whoever is cancelled meanwhile."""
        with suppress(AppError):
            await asyncio.shield(self.finishing.ending.end(upload, "terminated"))

    async def end(self, owner_id: UUID, token: str) -> None:
        """End the upload, and the file that it has become. Raises NotFound, UploadGone."""
        upload = await self._find(owner_id, token)
        if await self.finishing.ending.end(upload, "terminated"):
            return
        async with self.database.transaction() as connection:
            await FileRepository(connection).delete(owner_id, upload.upload_id)
        self.finishing.ending.collector.nudge()

    async def _find(self, owner_id: UUID, token: str) -> Upload:
        return await UploadRepository(self.database).get(owner_id, self._hash(token))

    @staticmethod
    def _hash(token: str) -> bytes:
        """Raises NotFound for what no token of ours looks like."""
        if not is_sound(token, _LABEL):
            raise NotFound
        return digest(token)

    async def _add(self, new: NewUpload, token_hash: bytes) -> Upload:
        async with self.database.transaction() as connection:
            await reserve(connection, new.owner_id, new.length or 0, self.limits.quota)
            if new.via is not None and not await has_upload_link_room(connection, new.via, new.length or 0):
                raise UploadLinkFull
            return await UploadRepository(connection).add(new, uuid7(), token_hash, self.lifetime)

    async def _tell_length(self, connection: Connection, upload: Upload, length: int) -> Upload:
        await lock_owner(connection, upload.owner_id)
        uploads = UploadRepository(connection)
        locked = await uploads.lock(upload.upload_id)
        if locked is None or locked.received != upload.received or locked.length is not None:
            raise UploadOffsetMismatch("Another request has written meanwhile.")
        await reserve(connection, upload.owner_id, max(0, length - locked.reserved), self.limits.quota)
        return await uploads.tell_length(upload.upload_id, length)

    async def _settled(self, upload: Upload) -> Upload:
        """Finish the upload where that is all that is left; in this process, one at a time."""
        if not upload.becomes_a_file:
            return upload
        lock = self._locks.setdefault(upload.upload_id, asyncio.Lock())
        async with lock:
            current = await UploadRepository(self.database).get_by_id(upload.upload_id)
            if current.becomes_a_file:
                await self.finishing.finish(current)
                current = await UploadRepository(self.database).get_by_id(upload.upload_id)
        return current

    async def _merge(self, upload: Upload) -> None:
        """What can't be joined now is next time, or at the end."""
        try:
            await self.finishing.merging.merge(upload.upload_id)
        except (AppError, BlobMissing) as exc:
            log.warning("merging_failed", **{"error.message": repr(exc), "colonnade.file.id": str(upload.upload_id)})
