"""One moment of the database: what the dump shows, and what we read beside it, is all of that moment."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from deploy.backup.blobs import ListedBlob
from deploy.backup.errors import BackupError
from deploy.backup.installation import Server
from deploy.roles import SCHEMAS
from shared.db import DirectConnection, connect
from shared.schema_version import schema_version

HOLDS = "files.collection_hold"  # of this moment alone: what it holds isn't part of any backup
_FETCH = 1000
_PATIENCE = 10.0  # seconds for a connection


@asynccontextmanager
async def connected(server: Server, database: str) -> AsyncIterator[DirectConnection]:
    """Lend a connection. Raises BackupError where there is none to be had, or what was asked fails."""
    try:
        connection = await connect(server.admin_url, database=database, timeout=_PATIENCE)
        try:
            yield connection
        finally:
            await connection.close(timeout=_PATIENCE)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as exc:
        raise BackupError(f"The database {database}: {str(exc) or type(exc).__name__}.") from exc


@dataclass(frozen=True, slots=True)
class Facts:
    """`schemas` are versions, `tables` numbers of rows."""

    at: datetime
    postgresql: str
    schemas: dict[str, int]
    tables: dict[str, int]


class Snapshot:
    """`name` lets another connection see the same."""

    def __init__(self, connection: DirectConnection, name: str) -> None:
        self._connection = connection
        self.name = name

    async def facts(self) -> Facts:
        at = await self._connection.fetchval("select now()")
        version = await self._connection.fetchval("show server_version")
        return Facts(at, version, await schema_versions(self._connection), await count_rows(self._connection))

    def held_blobs(self) -> AsyncIterator[ListedBlob]:
        return held_blobs(self._connection)


@asynccontextmanager
async def open_snapshot(server: Server) -> AsyncIterator[Snapshot]:
    """Raises BackupError."""
    async with (
        connected(server, server.database) as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        # It waits, idle, while pg_dump works: a server that somebody else runs may not like that.
        await connection.execute("set local idle_in_transaction_session_timeout = 0; set local statement_timeout = 0")
        yield Snapshot(connection, await connection.fetchval("select pg_export_snapshot()"))


async def schema_versions(connection: DirectConnection) -> dict[str, int]:
    return {schema: await schema_version(connection, schema) for schema in SCHEMAS.values()}


async def count_rows(connection: DirectConnection) -> dict[str, int]:
    """Count each table's rows, but for those whose rows aren't dumped."""
    names = await connection.fetch(
        """
        select format('%I.%I', schemaname, tablename) as name from pg_tables
        where schemaname = any($1::text[]) order by schemaname, tablename
        """,
        list(SCHEMAS.values()),
    )
    counted = [row["name"] for row in names if row["name"] != HOLDS]
    return {name: await connection.fetchval(f"select count(*) from {name}") for name in counted}  # noqa: S608  quoted


async def held_blobs(connection: DirectConnection) -> AsyncIterator[ListedBlob]:
    """Yield what files and unfinished uploads consist of, in the order of the keys. Needs a transaction."""
    cursor = connection.cursor(
        """
        select storage_key as key, size, encode(sha256, 'hex') as sha256 from files.blob
        where holder_id is not null order by storage_key collate "C"
        """,
        prefetch=_FETCH,
    )
    async for row in cursor:
        yield ListedBlob(**row)
