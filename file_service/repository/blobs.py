"""SQL of the blobs that storage is to lose."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from shared.db import Connection, Database, Db
from shared.errors import Unavailable

GRACE_MINUTES = 60  # how long a blob may wait for its file's row; it takes seconds


async def expect_blob(db: Db, key: str) -> None:
    """Note a blob before it is published, so that it is deleted unless `keep_blob` follows in time."""
    await db.execute(
        "insert into files.blob_deletion (storage_key, due_at) values ($1, now() + make_interval(mins => $2))",
        key,
        GRACE_MINUTES,
    )


async def keep_blob(connection: Connection, key: str) -> None:
    """Call it in the transaction that writes the file's row. Raises Unavailable when the blob was given up."""
    kept = await connection.fetchval("delete from files.blob_deletion where storage_key = $1 returning true", key)
    if not kept:
        raise Unavailable("Storing the file took too long.")


async def give_up_blob(db: Db, key: str) -> None:
    """Have a blob that was expected, and isn't wanted, deleted now."""
    await db.execute("update files.blob_deletion set due_at = now() where storage_key = $1", key)


@asynccontextmanager
async def due_blobs(database: Database, limit: int) -> AsyncIterator[set[str]]:
    """Lend the keys that are due. Replicas are lent different ones.

    When the context ends well, those still in the set leave the queue, and those taken out of it are put off: one
    that can't be deleted must not stand before all the others for ever.
    """
    async with database.transaction() as connection:
        rows = await connection.fetch(
            """
            select storage_key from files.blob_deletion where due_at <= now()
            order by due_at limit $1 for update skip locked
            """,
            limit,
        )
        lent = {row["storage_key"] for row in rows}
        yield (keys := set(lent))
        await connection.execute("delete from files.blob_deletion where storage_key = any($1::text[])", keys)
        await connection.execute(
            "update files.blob_deletion set due_at = now() + interval '1 minute' where storage_key = any($1::text[])",
            lent - keys,
        )
