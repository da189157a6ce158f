"""SQL of the scrubber: what the storage is compared with. It reads in pages, and locks nothing but what it repairs."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from shared.db import Connection, Db
from shared.ids import LOWEST


@dataclass(frozen=True, slots=True)
class KnownBlob:
    """A row of files.blob; `holder_id` is None where nobody holds it (yet, or any more)."""

    storage_key: str
    holder_id: UUID | None
    start: int
    size: int
    sha256: bytes | None
    file_sha256: bytes | None


@dataclass(frozen=True, slots=True)
class FileSum:
    """What a file says of itself, and what its blobs add up to. `fits`: no gaps, and its hash if it is one blob."""

    file_id: UUID
    owner_id: UUID
    size: int
    held: int
    fits: bool


@dataclass(frozen=True, slots=True)
class OwnerSum:
    owner_id: UUID
    bytes: int
    stored: int
    reserved: int
    asked: int


_BLOB = """
    select blob.storage_key, blob.holder_id, blob.start, blob.size, blob.sha256, file.sha256 as file_sha256
    from files.blob left join files.file on file.file_id = blob.holder_id
"""


class ScrubRepository:
    def __init__(self, db: Db) -> None:
        self._db = db

    async def blobs_of_shard(self, shard: str) -> Sequence[KnownBlob]:
        rows = await self._db.fetch(f"{_BLOB} where storage_key >= $1 and storage_key < $1 || 'g'", shard)
        return [KnownBlob(**row) for row in rows]

    async def find_blob(self, key: str) -> KnownBlob | None:
        row = await self._db.fetchrow(f"{_BLOB} where storage_key = $1", key)
        return KnownBlob(**row) if row is not None else None

    async def held_after(self, last: KnownBlob | None, limit: int) -> Sequence[KnownBlob]:
        """Return what is held, file by file, each in order."""
        holder, start = (last.holder_id, last.start) if last is not None else (LOWEST, -1)
        rows = await self._db.fetch(
            f"{_BLOB} where (holder_id, start) > ($1, $2) order by holder_id, start limit $3", holder, start, limit
        )
        return [KnownBlob(**row) for row in rows]

    async def files_after(self, file_id: UUID, limit: int) -> Sequence[FileSum]:
        """Leave out infected ones, whose bytes go before their rows."""
        rows = await self._db.fetch(
            """
            with page as (
                select file_id, owner_id, size, sha256 from files.file
                where file_id > $1 and verdict <> 'infected' order by file_id limit $2
            )
            select page.file_id, page.owner_id, page.size, coalesce(held.bytes, 0)::bigint as held,
                coalesce(held.gapless and (held.blobs > 1 or held.same), page.size = 0) as fits
            from page left join lateral (
                select sum(each.size) as bytes, count(*) as blobs, bool_and(each.start = each.before) as gapless,
                    bool_and(each.sha256 = page.sha256) as same
                from (
                    select start, size, sha256,
                        coalesce(sum(size) over (order by start rows between unbounded preceding and 1 preceding), 0)
                            as before
                    from files.blob where holder_id = page.file_id
                ) as each
            ) as held on true
            order by page.file_id
            """,
            file_id,
            limit,
        )
        return [FileSum(**row) for row in rows]

    async def owners_after(self, owner_id: UUID, limit: int) -> Sequence[OwnerSum]:
        rows = await self._db.fetch(
            """
            select owner_id, bytes, (
                select coalesce(sum(size), 0)::bigint from files.file where file.owner_id = owner.owner_id
            ) as stored, reserved, (
                select coalesce(sum(reserved), 0)::bigint from files.upload where upload.owner_id = owner.owner_id
            ) as asked
            from files.owner where owner_id > $1 order by owner_id limit $2
            """,
            owner_id,
            limit,
        )
        return [OwnerSum(**row) for row in rows]

    async def begin(self, days: float) -> bool:
        """Take the pass that is due on, unless another replica has; one that didn't end is taken on after a day."""
        taken = await self._db.fetchval(
            """
            insert into files.scrub as scrub (begun_at) values (now())
            on conflict (only_one) do update set begun_at = now(), finished_at = null
            where case when scrub.finished_at is null then scrub.begun_at < now() - interval '1 day'
                else scrub.begun_at < now() - make_interval(secs => $1) end
            returning true
            """,
            days * 86_400,
        )
        return bool(taken)

    async def finish(self) -> None:
        await self._db.execute("update files.scrub set finished_at = now()")


async def settle_owner(connection: Connection, owner_id: UUID) -> None:
    """Make the quota's sums right. The row is locked first: an upload that holds it is counted."""
    await connection.execute("select from files.owner where owner_id = $1 for no key update", owner_id)
    await connection.execute(
        """
        update files.owner set bytes = (
            select coalesce(sum(size), 0)::bigint from files.file where file.owner_id = owner.owner_id
        ), reserved = (
            select coalesce(sum(upload.reserved), 0)::bigint from files.upload where upload.owner_id = owner.owner_id
        ) where owner_id = $1
        """,
        owner_id,
    )
