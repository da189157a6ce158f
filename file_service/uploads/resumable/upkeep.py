"""Ends uploads that nobody goes on with, and finishes those whose process died before it could."""

from dataclasses import dataclass
from datetime import timedelta

from file_service.repository.uploads import UploadRepository
from file_service.uploads.resumable.finishing import Finishing
from shared.db import Database
from shared.errors import AppError
from shared.logs import log

EVERY = 30.0  # seconds
_BATCH = 100
_IDLE = timedelta(seconds=60)  # after which whoever was to finish an upload is taken for dead


@dataclass(frozen=True, slots=True)
class Upkeep:
    database: Database
    finishing: Finishing
    lifetime: timedelta

    async def run(self) -> None:
        """Do what is due. Replicas may run it at once. Raises Unavailable."""
        uploads = UploadRepository(self.database)
        while overdue := await uploads.list_overdue(_BATCH):
            for upload in overdue:
                await self.finishing.ending.end(upload, "expired", unless_written=True)
        await self._finish_all(uploads)

    async def _finish_all(self, uploads: UploadRepository) -> None:
        """Try each once: those that can't be finished must not stand before the others."""
        idle, after = max(timedelta(), self.lifetime - _IDLE), None
        while unfinished := await uploads.list_unfinished(idle, _BATCH, after):
            for upload in unfinished:
                try:
                    await self.finishing.finish(upload)
                except AppError as exc:
                    log.warning(
                        "finishing_failed", **{"error.message": repr(exc), "colonnade.file.id": str(upload.upload_id)}
                    )
            after = unfinished[-1].expires_at
