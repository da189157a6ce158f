"""Makes a file of an upload that has all its bytes.

A process may die at any point: the upload then still has all its bytes, and whoever asks for it next, or the upkeep,
finishes it.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from file_service.domain.file import HeldBlob, NewFile
from file_service.domain.purposes import Purposes
from file_service.domain.uploads import Upload
from file_service.errors import UploadLinkIsOver
from file_service.inspection.acceptance import accepted_type
from file_service.metrics import BYTES_STORED, RESUMABLE_UPLOADS
from file_service.repository.blobs import blobs_of, keep_blob
from file_service.repository.files import FileRepository
from file_service.repository.quota import lock_owner, settle_reserved
from file_service.repository.upload_links import settle_upload_link
from file_service.repository.uploads import UploadRepository
from file_service.storage.contract import BlobMissing, Storage
from file_service.uploads.intake import Intake
from file_service.uploads.resumable.ending import Ending
from file_service.uploads.resumable.merging import Merging, bytes_of
from file_service.uploads.resumable.running_hashes import RunningHashes
from shared.db import Database
from shared.errors import AppError, InternalError
from shared.logs import log


@dataclass(frozen=True, slots=True)
class Finishing:
    database: Database
    storage: Storage
    ending: Ending
    purposes: Purposes
    hashes: RunningHashes
    merging: Merging
    intake: Intake

    async def finish(self, upload: Upload) -> None:
        """Make the file, once, whoever else does it at the same time.

        What the file may not be ends the upload, and is raised (an AppError below 500). Raises UploadGone where it was
        ended meanwhile, Unavailable or InternalError where it has to be tried again.
        """
        try:
            new, blobs = await self._file_of(upload)
            new = await self.intake.admit(new, blobs)
        except AppError as exc:
            if exc.status < InternalError.status:
                await self.ending.end(upload, "refused")
            raise
        except BlobMissing as exc:
            if (await UploadRepository(self.database).get_by_id(upload.upload_id)).is_finished:
                return  # by another, and its file may be gone already
            log.error("blob_missing", exc, **{"colonnade.file.id": str(upload.upload_id)})
            raise InternalError from exc
        if await self._recorded(upload, new):
            self.hashes.forget(upload.upload_id)
            RESUMABLE_UPLOADS.labels("finished").inc()
            BYTES_STORED.inc(new.size)

    async def _file_of(self, upload: Upload) -> tuple[NewFile, Sequence[HeldBlob]]:
        purpose = self.purposes.get(upload.purpose)
        content_type = accepted_type(purpose, upload.name, upload.head, upload.declared_type)
        await self.merging.merge(upload.upload_id)
        blobs = await blobs_of(self.database, upload.upload_id)
        new = NewFile(
            file_id=upload.upload_id,
            owner_id=upload.owner_id,
            name=upload.name,
            size=upload.received,
            content_type=content_type,
            sha256=await self._sha256(upload.upload_id, upload.received, blobs),
            purpose=upload.purpose,
            via=upload.via,
        )
        return new, blobs

    async def _sha256(self, upload_id: UUID, size: int, blobs: Sequence[HeldBlob]) -> bytes:
        if len(blobs) == 1 and blobs[0].size == size:
            return blobs[0].sha256
        running = self.hashes.at(upload_id, size)
        if running is None:
            running = hashlib.sha256()
            async for chunk in bytes_of(self.storage, blobs):
                running.update(chunk)
        digest: bytes = running.digest()
        return digest

    async def _recorded(self, upload: Upload, new: NewFile) -> bool:
        """Return whether this call has made the file. Raises UploadLinkIsOver, which ends the upload."""
        try:
            return await (self._record(upload, new) if upload.received else self._record_empty(upload, new))
        except UploadLinkIsOver:
            await self.ending.end(upload, "refused")
            raise

    async def _record_empty(self, upload: Upload, new: NewFile) -> bool:
        """A file has a blob, also where it has no bytes."""
        async with self.ending.collector.expected() as expected:
            written = await self.storage.write(expected.key, bytes_of(self.storage, ()))
            expected.kept = await self._record(upload, new, HeldBlob(expected.key, 0, 0, written.sha256))
        return expected.kept

    async def _record(self, upload: Upload, new: NewFile, blob: HeldBlob | None = None) -> bool:
        async with self.database.transaction() as connection:
            await lock_owner(connection, upload.owner_id)
            uploads = UploadRepository(connection)
            locked = await uploads.lock(upload.upload_id)
            if locked is None:
                return False
            await uploads.end([locked.upload_id], finished=True)
            await settle_reserved(connection, locked.owner_id, locked.reserved)
            await FileRepository(connection).insert(new)
            if new.via is not None and not await settle_upload_link(connection, new.via, new.size):
                raise UploadLinkIsOver("Others were faster, or it was taken back.")
            if blob is not None:
                await keep_blob(connection, new.file_id, blob)
        return True
