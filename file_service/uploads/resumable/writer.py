"""Takes the bytes of one request into an upload, piece by piece.

    become the writer, note a blob -> write it -> transaction: advance the upload, keep the blob

Each piece is durable and counted before the next begins, so that little is lost with a connection or a process. Only
the latest writer can advance an upload; another finds that out at its next piece, stops, and leaves nothing.
"""

import asyncio
import math
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import timedelta

from file_service.domain.file import HeldBlob
from file_service.domain.purposes import Purposes
from file_service.domain.uploads import Upload
from file_service.errors import ExtensionMismatch, TypeNotAllowed, UploadOffsetMismatch
from file_service.metrics import RESUMABLE_BYTES
from file_service.repository.blobs import expect_blob, keep_blob
from file_service.repository.quota import reserve
from file_service.repository.uploads import Piece, UploadRepository
from file_service.storage.contract import Storage, Written, new_key
from file_service.uploads.in_flight import InFlight
from file_service.uploads.resumable.body import Body
from file_service.uploads.resumable.ending import Ending
from file_service.uploads.resumable.passing import Passing, check_digest
from file_service.uploads.resumable.protocol import Checksum
from file_service.uploads.resumable.running_hashes import RunningHashes
from shared.db import Connection, Database

PIECE_BYTES = 16 * 1024**2
PIECE_SECONDS = 10.0  # over a slow line, this comes first
_OTHERS = "Another request has written meanwhile."


@dataclass(frozen=True, slots=True)
class Writer:
    """`quota` is in bytes, for uploads whose length isn't known; `lifetime` of an upload after its last byte."""

    database: Database
    storage: Storage
    ending: Ending
    purposes: Purposes
    hashes: RunningHashes
    threads: Executor
    in_flight: InFlight
    quota: int
    lifetime: timedelta

    async def take_in(self, upload: Upload, body: Body, checksum: Checksum | None) -> Upload:
        """Return the upload with all that came. With a checksum, it is all or nothing.

        Raises UploadOffsetMismatch for a writer whose place was taken, TypeNotAllowed or ExtensionMismatch, with which
        the upload has ended, UploadLengthExceeded, ChecksumMismatch, QuotaExceeded, InsufficientStorage, Unavailable,
        and `body.failure` once what came is kept.
        """
        if checksum is not None and not await body.has_more() and body.failure is None:
            check_digest(checksum, checksum.new_hash().digest())
        is_claimed = False
        while await body.has_more():
            upload = await self._add(upload, body, checksum, is_claimed=is_claimed)
            is_claimed = True
        if body.failure is not None:
            raise body.failure
        return upload

    async def _add(self, upload: Upload, body: Body, checksum: Checksum | None, *, is_claimed: bool) -> Upload:
        key, kept = new_key(), False
        upload = await self._begin(upload, key, is_claimed=is_claimed)
        try:
            passing = self._passing(upload, body, checksum)
            written = await self._write(key, body, passing)
            if checksum is not None and body.failure is not None:
                raise body.failure
            passing.check(written)
            upload = await self._keep(upload, key, written, passing)
            kept = True
        except (TypeNotAllowed, ExtensionMismatch):
            if not await self.ending.end(upload, "refused", unless_written=True):
                raise UploadOffsetMismatch(_OTHERS) from None  # these bytes never counted
            raise
        finally:
            if not kept:
                await asyncio.shield(self.ending.collector.give_up(key))
        RESUMABLE_BYTES.inc(written.size)
        if passing.running is not None:
            self.hashes.keep(upload.upload_id, upload.received, passing.running)
        return upload

    def _passing(self, upload: Upload, body: Body, checksum: Checksum | None) -> Passing:
        """The hash of what is one blob in the end is that blob's."""
        is_one_piece = upload.received == 0 and upload.length == body.length and (upload.length or 0) <= PIECE_BYTES
        running = None if is_one_piece else self.hashes.at(upload.upload_id, upload.received)
        return Passing(upload, self.purposes.get(upload.purpose), running, checksum)

    async def _begin(self, upload: Upload, key: str, *, is_claimed: bool) -> Upload:
        async with self.database.transaction() as connection:
            current = upload if is_claimed else await UploadRepository(connection).claim(upload)
            if current is None:
                raise UploadOffsetMismatch(_OTHERS)
            await expect_blob(connection, key)
        return current

    async def _write(self, key: str, body: Body, passing: Passing) -> Written:
        limits = (PIECE_BYTES, PIECE_SECONDS) if not passing.is_checked else (2**63, math.inf)
        with self.in_flight.upload(passing.owner_id) as take:
            chunks = passing.watch(body.piece(*limits), take, self.threads)
            return await self.storage.write(key, chunks)

    async def _keep(self, upload: Upload, key: str, written: Written, passing: Passing) -> Upload:
        piece = Piece(HeldBlob(key, upload.received, written.size, written.sha256), passing.head)
        async with self.database.transaction() as connection:
            if upload.length is None:
                await self._reserve(connection, upload, written.size)
            advanced = await UploadRepository(connection).advance(upload, piece, self.lifetime)
            if advanced is None:
                raise UploadOffsetMismatch(_OTHERS)
            await keep_blob(connection, upload.upload_id, piece.blob)
        return advanced

    async def _reserve(self, connection: Connection, upload: Upload, size: int) -> None:
        if (more := upload.received + size - upload.reserved) > 0:
            await reserve(connection, upload.owner_id, more, self.quota)
