"""Applies numbered SQL files, once each in their own transaction, safe with any number of runners at once.

It runs beside programs at work. A migration that doesn't get its locks in a moment gives up its place in the queue, in
which everybody else would wait behind it, and tries again.

The lock of the runners is polled: a session that waits in `pg_advisory_lock` holds a snapshot, and `create index
concurrently` would wait for it for ever.
"""

import asyncio
import hashlib
from pathlib import Path

import asyncpg

from shared.db import DirectConnection, connect
from shared.migration_files import Migration, MigrationError, read_migrations
from shared.settings import Secret

_POLL_SECONDS = 0.1
_RUNNER_WAIT_SECONDS = 60.0
_LOCK_TIMEOUT = "1s"  # whoever waits behind a migration gives up after two
_BESIDE_LOCK_TIMEOUT = "10min"  # what runs in no transaction waits for others' transactions, and nobody for it
_ATTEMPTS = 12
_PAUSE_SECONDS = 1.0  # in which those who waited have their turn
_IN_THE_WAY = (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError)


async def migrate(dsn: str, schema: str, folder: Path) -> list[str]:
    """Apply what is missing as the schema's owner, and return the names of what was applied.

    A database that is newer than the files is left as it is, if it still serves programs of their version.
    Raises MigrationError when it doesn't, when an applied file has changed since, when others keep a migration's locks
    for half a minute, or when another runner keeps the lock for a minute.
    """
    migrations = read_migrations(folder)
    connection = await connect(Secret(dsn), timeout=10)
    try:
        await connection.execute(f"set lock_timeout = '{_LOCK_TIMEOUT}'")
        await _take_lock(connection, schema)
        await _make_table(connection, schema)
        pending = _pending(migrations, await _applied(connection, schema))
        for migration in pending:
            await _apply_patiently(connection, schema, migration)
    finally:
        await connection.close(timeout=10)
    return [migration.name for migration in pending]


_TABLE = """
create table if not exists {schema}.schema_migration (
    version integer primary key,
    name text not null,
    checksum text not null,
    applied_at timestamptz not null default now(),
    oldest_program integer not null default 0
)
"""
_HAS_COLUMN = """
select exists (select from pg_attribute where attrelid = $1::text::regclass and attname = 'oldest_program')
"""


async def _make_table(connection: DirectConnection, schema: str) -> None:
    table = f"{schema}.schema_migration"
    await connection.execute(_TABLE.format(schema=schema))
    if not await connection.fetchval(_HAS_COLUMN, table):  # its first form
        await connection.execute(f"alter table {table} add column oldest_program integer not null default 0")


async def _take_lock(connection: DirectConnection, schema: str) -> None:
    """Take the lock of the schema's migrations, which the session keeps to its end."""
    key = int.from_bytes(hashlib.sha256(f"migrate {schema}".encode()).digest()[:8], signed=True)
    try:
        async with asyncio.timeout(_RUNNER_WAIT_SECONDS):
            while not await connection.fetchval("select pg_try_advisory_lock($1)", key):  # noqa: ASYNC110  it is another process's
                await asyncio.sleep(_POLL_SECONDS)
    except TimeoutError:
        raise MigrationError(f"another migration of schema {schema} has held the lock for a minute") from None


async def _applied(connection: DirectConnection, schema: str) -> list[asyncpg.Record]:
    found: list[asyncpg.Record] = await connection.fetch(
        f"select version, checksum, oldest_program from {schema}.schema_migration order by version"  # noqa: S608  as above
    )
    return found


def _pending(migrations: list[Migration], applied: list[asyncpg.Record]) -> list[Migration]:
    ours = len(migrations)
    oldest = max((row["oldest_program"] for row in applied), default=0)
    if oldest > ours:
        raise MigrationError(
            f"the database has version {applied[-1]['version']}, which serves programs of version {oldest} or newer, "
            f"and this one is of version {ours}"
        )
    for row in applied:
        if row["version"] <= ours and (known := migrations[row["version"] - 1]).checksum != row["checksum"]:
            raise MigrationError(f"{known.name} was changed after it had been applied")
    done = {row["version"] for row in applied}
    return [migration for migration in migrations if migration.version not in done]


async def _apply_patiently(connection: DirectConnection, schema: str, migration: Migration) -> None:
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            await _apply(connection, schema, migration)
        except _IN_THE_WAY as exc:
            if attempt == _ATTEMPTS:
                raise MigrationError(
                    f"{migration.name} didn't get its locks in {attempt} attempts: "
                    "a long transaction is in its way, which pg_stat_activity shows"
                ) from exc
            await asyncio.sleep(_PAUSE_SECONDS)
        else:
            return


async def _apply(connection: DirectConnection, schema: str, migration: Migration) -> None:
    if migration.in_transaction:
        async with connection.transaction():
            await connection.execute(migration.sql)
            await _record(connection, schema, migration)
        return
    await connection.execute(f"set lock_timeout = '{_BESIDE_LOCK_TIMEOUT}'")
    await _drop_broken_indexes(connection, schema, migration)
    await connection.execute(migration.sql)
    await connection.execute(f"set lock_timeout = '{_LOCK_TIMEOUT}'")
    await _record(connection, schema, migration)


async def _record(connection: DirectConnection, schema: str, migration: Migration) -> None:
    oldest = migration.contract.version if migration.contract else 0
    await connection.execute(
        f"insert into {schema}.schema_migration (version, name, checksum, oldest_program) values ($1, $2, $3, $4)",  # noqa: S608  as above
        *(migration.version, migration.name, migration.checksum, oldest),
    )


async def _drop_broken_indexes(connection: DirectConnection, schema: str, migration: Migration) -> None:
    """Take away what an earlier attempt left: an index that is there by name, and that no query uses."""
    rows = await connection.fetch(
        """
        select relname from pg_index join pg_class on pg_class.oid = indexrelid
        where relnamespace = $1::text::regnamespace and not indisvalid
        """,
        schema,
    )
    for name in (row["relname"] for row in rows):
        if name in migration.sql.split():
            await connection.execute(f'drop index concurrently {schema}."{name}"')
