"""SQL of blobs: noted before they are written, kept by who holds them, and given up for the collector."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

from file_service.domain.file import HeldBlob
from file_service.repository.holds import may_delete
from shared.db import Connection, Database, Db
from shared.errors import Unavailable

GRACE_HOURS = 3  # how long a blob may take from its first byte to its holder's row: more than any request


async def expect_blob(db: Db, key: str) -> None:
    """Note a blob before it is written, so that it is deleted unless `keep_blob` follows in time.

    Its transaction isn't waited for until it is on the disk: whoever loses the note with the power keeps no blob, and
    the scrubber finds what is left of it.
    """
    await db.execute(
        """
        with hastily as (select set_config('synchronous_commit', 'off', true))
        insert into files.blob (storage_key, due_at) select $1, now() + make_interval(hours => $2) from hastily
        """,
        key,
        GRACE_HOURS,
    )


async def keep_blob(connection: Connection, holder_id: UUID, blob: HeldBlob) -> None:
    """Call it in the transaction that writes the holder's row. Raises Unavailable when the blob was given up.

    One whose deletion was put off isn't due either, and may be half gone: what is as old as that is never kept.
    """
    kept = await connection.fetchval(
        """
        update files.blob set holder_id = $2, start = $3, size = $4, sha256 = $5, due_at = null
        where storage_key = $1 and holder_id is null
            and due_at > now() and created_at > now() - make_interval(hours => $6) returning true
        """,
        blob.storage_key,
        holder_id,
        blob.start,
        blob.size,
        blob.sha256,
        GRACE_HOURS,
    )
    if not kept:
        raise Unavailable("Storing the file took too long.")


async def blobs_of(db: Db, holder_id: UUID) -> Sequence[HeldBlob]:
    """Return what a holder's bytes consist of, in order."""
    rows = await db.fetch(
        "select storage_key, start, size, sha256 from files.blob where holder_id = $1 order by start", holder_id
    )
    return [HeldBlob(**row) for row in rows]


async def give_up_blob(db: Db, key: str) -> None:
    """Have a blob that was expected, and isn't wanted, deleted now."""
    await db.execute("update files.blob set due_at = now() where storage_key = $1 and holder_id is null", key)


async def give_up_blobs_of(db: Db, holder_ids: Sequence[UUID]) -> None:
    """Have what these hold deleted now: call it in the transaction that deletes them."""
    await db.execute(
        "update files.blob set holder_id = null, due_at = now() where holder_id = any($1::uuid[])", holder_ids
    )


async def replace_blobs(connection: Connection, holder_id: UUID, blobs: Sequence[HeldBlob]) -> bool:
    """Give these up in favour of one that is kept next: call it under the holder's lock.

    False, and nothing is changed, where the holder doesn't hold them all any more.

    They are deleted only after a while: whoever has just read where they lie may still open them.
    """
    given_up = await connection.fetch(
        """
        update files.blob set holder_id = null, due_at = now() + make_interval(hours => $3)
        where storage_key = any($1::text[]) and holder_id = $2 and cardinality($1::text[]) = (
            select count(*) from files.blob where storage_key = any($1::text[]) and holder_id = $2
        ) returning storage_key
        """,
        [blob.storage_key for blob in blobs],
        holder_id,
        GRACE_HOURS,
    )
    return bool(given_up)


async def move_blobs(connection: Connection, holder_id: UUID, new_holder_id: UUID, start: int) -> None:
    """Hand all that one holds on to another, to lie there from `start` on."""
    await connection.execute(
        "update files.blob set holder_id = $2, start = start + $3 where holder_id = $1",
        holder_id,
        new_holder_id,
        start,
    )


@asynccontextmanager
async def due_blobs(database: Database, limit: int, delay: float = 0.0) -> AsyncIterator[set[str]]:
    """Lend the keys that have been due for `delay` seconds, none while a hold is in force. Replicas are lent different
    ones.

    When the context ends well, those still in the set are forgotten, and those taken out of it are put off: one
    that can't be deleted must not stand before all the others for ever.
    """
    async with database.transaction() as connection:
        lent = await _due(connection, limit, delay) if await may_delete(connection) else set()
        yield (keys := set(lent))
        await connection.execute("delete from files.blob where storage_key = any($1::text[])", keys)
        await connection.execute(
            "update files.blob set due_at = now() + interval '1 minute' where storage_key = any($1::text[])",
            lent - keys,
        )


async def _due(connection: Connection, limit: int, delay: float) -> set[str]:
    rows = await connection.fetch(
        """
        select storage_key from files.blob where due_at <= now() - make_interval(secs => $2)
        order by due_at limit $1 for update skip locked
        """,
        limit,
        delay,
    )
    return {row["storage_key"] for row in rows}
