"""Numbered SQL files, applied once each in their own transaction, safe with any number of runners at once.

The lock is polled: a session that waits in `pg_advisory_lock` holds a snapshot, and `create index concurrently`
would wait for it for ever.
"""

import asyncio
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from shared.db import Db, DirectConnection, connect
from shared.settings import Secret

_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")
_POLL_SECONDS = 0.1
_LOCK_WAIT_SECONDS = 60.0
# The first line of a file that holds one statement which runs in no transaction, such as `create index concurrently`.
# It may be run again when it failed or when its record was lost, so it says `if not exists` or the like.
_NO_TRANSACTION = "-- no transaction"


class MigrationError(Exception):
    """The files contradict the database or each other; the message says which."""


@dataclass(frozen=True, slots=True)
class Migration:
    version: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


def read_migrations(folder: Path) -> list[Migration]:
    """Return the folder's migrations in order.

    Raises MigrationError for a gap, a twin, a badly named file, or a folder that isn't there.
    """
    if not folder.is_dir():
        raise MigrationError(f"{folder} is no folder: the program isn't installed whole")
    found = []
    for path in sorted(folder.glob("*.sql")):
        match = _NAME.fullmatch(path.name)
        if match is None:
            raise MigrationError(f"{path.name}: a migration is named 0001_what_it_does.sql")
        found.append(Migration(int(match[1]), path.name, path.read_text(encoding="utf-8")))
    if [migration.version for migration in found] != list(range(1, len(found) + 1)):
        raise MigrationError(f"{folder}: versions must run from 0001 without a gap or a twin")
    return found


def expected_version(folder: Path) -> int:
    return len(read_migrations(folder))


async def schema_version(db: Db, schema: str) -> int:
    """Return the newest version applied, 0 before the first."""
    if await db.fetchval("select to_regclass($1)", f"{schema}.schema_migration") is None:
        return 0
    return int(await db.fetchval(f"select coalesce(max(version), 0) from {schema}.schema_migration"))  # noqa: S608  our own schema's name


async def require_schema(db: Db, schema: str, version: int) -> None:
    """Raises MigrationError when the database is older than `version`: the program can't serve yet."""
    found = await schema_version(db, schema)
    if found < version:
        raise MigrationError(f"schema {schema} has version {found}, and version {version} is needed")


async def migrate(dsn: str, schema: str, folder: Path) -> list[str]:
    """Apply what is missing as the schema's owner, and return the names of what was applied.

    Raises MigrationError when an applied file has changed since, when the database is newer than the files,
    or when another runner keeps the lock for a minute.
    """
    migrations = read_migrations(folder)
    connection = await connect(Secret(dsn), timeout=10)
    try:
        await _take_lock(connection, schema)
        await connection.execute(_TABLE.format(schema=schema))
        pending = _pending(migrations, await _applied(connection, schema))
        for migration in pending:
            await _apply(connection, schema, migration)
    finally:
        await connection.close(timeout=10)
    return [migration.name for migration in pending]


_TABLE = """
create table if not exists {schema}.schema_migration (
    version integer primary key,
    name text not null,
    checksum text not null,
    applied_at timestamptz not null default now()
)
"""


async def _take_lock(connection: DirectConnection, schema: str) -> None:
    """Take the lock of the schema's migrations, which the session keeps to its end."""
    key = int.from_bytes(hashlib.sha256(f"migrate {schema}".encode()).digest()[:8], signed=True)
    try:
        async with asyncio.timeout(_LOCK_WAIT_SECONDS):
            while not await connection.fetchval("select pg_try_advisory_lock($1)", key):  # noqa: ASYNC110  it is another process's
                await asyncio.sleep(_POLL_SECONDS)
    except TimeoutError:
        raise MigrationError(f"another migration of schema {schema} has held the lock for a minute") from None


async def _applied(connection: DirectConnection, schema: str) -> dict[int, str]:
    rows = await connection.fetch(f"select version, checksum from {schema}.schema_migration")  # noqa: S608  as above
    return {row["version"]: row["checksum"] for row in rows}


def _pending(migrations: list[Migration], applied: dict[int, str]) -> list[Migration]:
    known = {migration.version: migration for migration in migrations}
    if newer := sorted(set(applied) - set(known)):
        raise MigrationError(f"the database has version {newer[-1]}, newer than this program's {len(migrations)}")
    for version, checksum in applied.items():
        if known[version].checksum != checksum:
            raise MigrationError(f"{known[version].name} was changed after it had been applied")
    return [migration for migration in migrations if migration.version not in applied]


async def _apply(connection: DirectConnection, schema: str, migration: Migration) -> None:
    record = f"insert into {schema}.schema_migration (version, name, checksum) values ($1, $2, $3)"  # noqa: S608  as above
    values = (migration.version, migration.name, migration.checksum)
    if migration.sql.startswith(_NO_TRANSACTION):
        await connection.execute(migration.sql)
        await connection.execute(record, *values)
        return
    async with connection.transaction():
        await connection.execute(migration.sql)
        await connection.execute(record, *values)
