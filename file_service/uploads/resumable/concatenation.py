"""Makes one upload of several partial ones, by handing over what they hold: no byte is copied."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from file_service.domain.purposes import Purposes
from file_service.domain.uploads import Kind, NewUpload, Upload
from file_service.errors import UploadIncomplete
from file_service.inspection.acceptance import accepted_type
from file_service.inspection.head import HEAD_BYTES
from file_service.repository.blobs import move_blobs
from file_service.repository.quota import lock_owner
from file_service.repository.uploads import UploadRepository
from file_service.uploads.store import Limits
from shared.db import Connection, Database
from shared.errors import NotFound


@dataclass(frozen=True, slots=True)
class Concatenation:
    database: Database
    purposes: Purposes
    limits: Limits
    lifetime: timedelta

    async def join(self, new: NewUpload, parts: Sequence[bytes], upload_id: UUID, token_hash: bytes) -> Upload:
        """Return the final upload, which has all its bytes; its parts are gone. `parts` are hashes of their tokens.

        Raises NotFound for what is no partial upload of the owner's, UploadGone, UploadIncomplete, FileTooLarge,
        TypeNotAllowed, ExtensionMismatch.
        """
        async with self.database.transaction() as connection:
            await lock_owner(connection, new.owner_id)
            partial = await self._lock_parts(connection, new.owner_id, parts)
            length = sum(each.received for each in partial)
            head = b"".join(each.head for each in partial)[:HEAD_BYTES]
            self._check(new, length, head)
            uploads = UploadRepository(connection)
            await uploads.end([each.upload_id for each in partial], finished=False)
            whole = replace(new, length=length)
            final = await uploads.add(whole, upload_id, token_hash, self.lifetime)
            start = 0
            for each in partial:
                await move_blobs(connection, each.upload_id, upload_id, start)
                start += each.received
            return await uploads.fill(final, head)

    def _check(self, new: NewUpload, length: int, head: bytes) -> None:
        """Before the parts are gone, so that they can be joined for another purpose."""
        purpose = self.purposes.get(new.purpose)
        purpose.check_size(length, self.limits.file)
        accepted_type(purpose, new.name, head, new.declared_type)

    async def _lock_parts(self, connection: Connection, owner_id: UUID, parts: Sequence[bytes]) -> list[Upload]:
        """In the order of `parts`, but locked in that of their ids, so that no two requests wait for each other."""
        uploads = UploadRepository(connection)
        found = [await uploads.get(owner_id, part) for part in parts]
        locked = {each: await uploads.lock(each) for each in sorted(each.upload_id for each in found)}
        return [_complete(locked[each.upload_id]) for each in found]


def _complete(part: Upload | None) -> Upload:
    if part is None or part.kind is not Kind.PARTIAL:
        raise NotFound("Upload-Concat names what is no partial upload.")
    if not part.is_complete:
        raise UploadIncomplete
    return part
