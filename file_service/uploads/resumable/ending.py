"""Ends uploads that never become a file, and gives back what they hold and have reserved."""

from dataclasses import dataclass

from file_service.collector import Collector
from file_service.domain.uploads import Upload
from file_service.metrics import RESUMABLE_UPLOADS
from file_service.repository.blobs import give_up_blobs_of
from file_service.repository.quota import lock_owner, release
from file_service.repository.uploads import UploadRepository
from file_service.uploads.resumable.running_hashes import RunningHashes
from shared.db import Database


@dataclass(frozen=True, slots=True)
class Ending:
    database: Database
    collector: Collector
    hashes: RunningHashes

    async def end(self, upload: Upload, why: str, *, unless_written: bool = False) -> bool:
        """Return whether this call has ended it: False where it isn't open any more.

        With `unless_written`, it stays where somebody has become its writer, or has added to it, since `upload` was
        read: what it is ended for is then no longer so.
        """
        async with self.database.transaction() as connection:
            await lock_owner(connection, upload.owner_id)
            uploads = UploadRepository(connection)
            locked = await (uploads.lock_unwritten(upload) if unless_written else uploads.lock(upload.upload_id))
            if locked is None:
                return False
            await uploads.end([locked.upload_id], finished=False)
            await release(connection, locked.owner_id, locked.reserved)
            await give_up_blobs_of(connection, [locked.upload_id])
        self.hashes.forget(upload.upload_id)
        self.collector.nudge()
        RESUMABLE_UPLOADS.labels(why).inc()
        return True
