"""SQL of resumable uploads. Another's upload is as absent as one that never was."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from asyncpg import Record

from file_service.domain.file import HeldBlob
from file_service.domain.uploads import Kind, NewUpload, Upload
from file_service.errors import TooManyUploads, UploadGone
from shared.db import Db
from shared.errors import NotFound
from shared.purge import Purge

REMEMBERED = timedelta(hours=24)  # for which a finished upload, or one that is gone, is told as such
_MOST_OPEN = 1000  # of one owner
_COLUMNS = """upload_id, owner_id, name, declared_type, purpose, metadata, kind, state = 'finished' as is_finished,
    length, received, reserved, pieces, fence, head, expires_at, via, concat"""

LIST_UNFINISHED = f"""
    select {_COLUMNS} from files.upload
    where state = 'open' and received = length and kind <> 'partial'
        and expires_at > greatest(now(), $3::timestamptz) and expires_at < now() + $1
    order by expires_at limit $2
"""  # noqa: S608  our own columns

PURGE_UPLOADS = Purge(
    "uploads",
    """
    delete from files.upload where upload_id in (
        select upload_id from files.upload where state <> 'open' and expires_at < now() limit $1
    ) returning upload_id
    """,
)


@dataclass(frozen=True, slots=True)
class Piece:
    """What a writer adds: a blob at the upload's offset, and what of it belongs to the upload's head."""

    blob: HeldBlob
    head: bytes


class UploadRepository:
    """Takes the database, or a connection inside a transaction."""

    def __init__(self, db: Db) -> None:
        self._db = db

    async def add(self, new: NewUpload, upload_id: UUID, token_hash: bytes, lifetime: timedelta) -> Upload:
        """Call it under the owner's lock, with `length` bytes reserved. Raises TooManyUploads."""
        row = await self._db.fetchrow(
            f"""
            insert into files.upload (
                upload_id, token_hash, owner_id, name, declared_type, purpose, metadata, kind, length, reserved,
                expires_at, via, concat
            )
            select $1, $2, $3, $4, $5, $6, $7, $8, $9::bigint, coalesce($9::bigint, 0), now() + $10, $12::uuid,
                $13::text
            where (select count(*) from files.upload where owner_id = $3 and state = 'open') < $11
            returning {_COLUMNS}
            """,  # noqa: S608  our own columns
            upload_id,
            token_hash,
            new.owner_id,
            new.name,
            new.declared_type,
            new.purpose,
            new.metadata,
            new.kind,
            new.length,
            lifetime,
            _MOST_OPEN,
            new.via,
            new.concat,
        )
        if row is None:
            raise TooManyUploads(_MOST_OPEN)
        return _upload(row)

    async def get(self, owner_id: UUID, token_hash: bytes) -> Upload:
        """Raises NotFound, or UploadGone; a finished upload goes with its file."""
        row = await self._db.fetchrow(
            f"""
            select {_COLUMNS}, case state
                when 'open' then expires_at > now()
                when 'finished' then exists (select from files.file where file_id = upload_id)
                else false end as is_there
            from files.upload where owner_id = $1 and token_hash = $2
            """,  # noqa: S608  our own columns
            owner_id,
            token_hash,
        )
        if row is None:
            raise NotFound
        if not row["is_there"]:
            raise UploadGone
        return _upload(row)

    async def get_by_id(self, upload_id: UUID) -> Upload:
        """Return an upload that isn't gone. Raises UploadGone."""
        row = await self._db.fetchrow(
            f"select {_COLUMNS} from files.upload where upload_id = $1 and state <> 'gone'",  # noqa: S608  as above
            upload_id,
        )
        if row is None:
            raise UploadGone
        return _upload(row)

    async def lock(self, upload_id: UUID) -> Upload | None:
        """Return the upload if it is open, and keep it so until the transaction ends."""
        row = await self._db.fetchrow(
            f"select {_COLUMNS} from files.upload where upload_id = $1 and state = 'open' for no key update",  # noqa: S608  as above
            upload_id,
        )
        return _upload(row) if row is not None else None

    async def lock_unwritten(self, upload: Upload) -> Upload | None:
        """Return the upload as `lock` does, if nobody has become its writer or added to it since it was `upload`."""
        row = await self._db.fetchrow(
            f"""
            select {_COLUMNS} from files.upload
            where upload_id = $1 and fence = $2 and received = $3 and state = 'open' for no key update
            """,  # noqa: S608  our own columns
            upload.upload_id,
            upload.fence,
            upload.received,
        )
        return _upload(row) if row is not None else None

    async def claim(self, upload: Upload) -> Upload | None:
        """Make the caller the writer, whoever was.

        None where the upload has moved on, its length was told meanwhile, or it isn't open any more.
        """
        row = await self._db.fetchrow(
            f"""
            update files.upload set fence = fence + 1
            where upload_id = $1 and received = $2 and length is not distinct from $3
                and state = 'open' and expires_at > now()
            returning {_COLUMNS}
            """,  # noqa: S608  our own columns
            upload.upload_id,
            upload.received,
            upload.length,
        )
        return _upload(row) if row is not None else None

    async def advance(self, upload: Upload, piece: Piece, lifetime: timedelta) -> Upload | None:
        """Add a piece, if the caller is still the writer that `upload` was claimed by; None otherwise."""
        row = await self._db.fetchrow(
            f"""
            update files.upload set
                received = received + $4, reserved = greatest(reserved, received + $4), pieces = pieces + 1,
                head = head || $5, expires_at = now() + $6
            where upload_id = $1 and fence = $2 and received = $3 and state = 'open'
            returning {_COLUMNS}
            """,  # noqa: S608  our own columns
            upload.upload_id,
            upload.fence,
            upload.received,
            piece.blob.size,
            piece.head,
            lifetime,
        )
        return _upload(row) if row is not None else None

    async def fill(self, upload: Upload, head: bytes) -> Upload:
        """Say that all bytes are there: call it in the transaction that gives the upload its blobs."""
        row = await self._db.fetchrow(
            f"""
            update files.upload set received = length, head = $2,
                pieces = (select count(*) from files.blob where holder_id = $1)
            where upload_id = $1 returning {_COLUMNS}
            """,  # noqa: S608  our own columns
            upload.upload_id,
            head,
        )
        assert row is not None  # it was added in this transaction
        return _upload(row)

    async def tell_length(self, upload_id: UUID, length: int) -> Upload:
        """Call it on a locked upload, with the rest reserved.

        Whoever writes to it has lost its place: it reserves by itself, and knows of no end.
        """
        row = await self._db.fetchrow(
            f"""
            update files.upload set length = $2, reserved = $2, fence = fence + 1
            where upload_id = $1 returning {_COLUMNS}
            """,  # noqa: S608  our own columns
            upload_id,
            length,
        )
        assert row is not None  # it is locked
        return _upload(row)

    async def end(self, upload_ids: Sequence[UUID], *, finished: bool) -> None:
        """Call it on locked uploads, in the transaction that settles or releases what they have reserved."""
        await self._db.execute(
            """
            update files.upload set state = $2, reserved = 0, head = '', expires_at = now() + $3
            where upload_id = any($1::uuid[])
            """,
            upload_ids,
            "finished" if finished else "gone",
            REMEMBERED,
        )

    async def list_overdue(self, limit: int) -> list[Upload]:
        rows = await self._db.fetch(
            f"select {_COLUMNS} from files.upload where state = 'open' and expires_at <= now() limit $1",  # noqa: S608  as above
            limit,
        )
        return [_upload(row) for row in rows]

    async def list_unfinished(self, idle_before: timedelta, limit: int, after: datetime | None = None) -> list[Upload]:
        """Return uploads that have all their bytes, and had them in time to expire within `idle_before`.

        They come in the order in which they expire, those that do so `after` this moment where it is given.
        """
        rows = await self._db.fetch(LIST_UNFINISHED, idle_before, limit, after)
        return [_upload(row) for row in rows]


def _upload(row: Record) -> Upload:
    values = {name: value for name, value in row.items() if name != "is_there"}
    return Upload(**values | {"kind": Kind(row["kind"])})
