"""Takes a database back to what it was when it was cloned, for the next test: cloning costs many times as much."""

from dataclasses import dataclass
from io import BytesIO

import asyncpg
from asyncpg import Record

from shared.db import DirectConnection

_CATALOGS = (
    *("pg_attribute", "pg_class", "pg_constraint", "pg_default_acl", "pg_index", "pg_namespace", "pg_proc"),
    *("pg_trigger", "pg_type"),
)
_MOST_GROWTH = 4 * 2**20  # bytes: what is larger takes longer to read for the tests to come


@dataclass(frozen=True, slots=True)
class Pristine:
    """What a clone holds that no test has touched; `rows` by table, as COPY writes them."""

    shape: list[Record]
    size: int
    tables: list[str]
    rows: dict[str, bytes]

    @classmethod
    async def read(cls, url: str, schema: str) -> "Pristine":
        connection = await asyncpg.connect(url)
        try:
            found = await connection.fetch("select tablename from pg_tables where schemaname = $1 order by 1", schema)
            tables = [row["tablename"] for row in found]
            rows = {table: await _copy(connection, schema, table) for table in tables}
            kept = {table: raw for table, raw in rows.items() if raw}
            return cls(await _shape(connection), await _size(connection, schema), tables, kept)
        finally:
            await connection.close()

    async def restore(self, url: str, schema: str) -> bool:
        """Empty the database; leave one alone, and say so, whose tables were changed by more than rows, or grew large.

        Connections that a test left open end: nothing is written for it any more.
        """
        connection = await asyncpg.connect(url)
        try:
            await connection.execute(
                """
                select pg_terminate_backend(pid, 5000) from pg_stat_activity
                where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
                """
            )
            grown = await _size(connection, schema) - self.size
            if grown > _MOST_GROWTH or await _shape(connection) != self.shape:
                return False
            await self._empty(connection, schema)
            return True
        finally:
            await connection.close()

    async def _empty(self, connection: DirectConnection, schema: str) -> None:
        async with connection.transaction():
            await connection.execute("set local session_replication_role = replica")  # neither triggers nor references
            await connection.execute(";".join(f"delete from {schema}.{table}" for table in self.tables))
            for table, raw in self.rows.items():
                await connection.copy_to_table(table, schema_name=schema, source=BytesIO(raw))
            await connection.execute(
                """
                select setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)
                from pg_sequences where last_value is not null
                """
            )


async def _copy(connection: DirectConnection, schema: str, table: str) -> bytes:
    rows = BytesIO()
    await connection.copy_from_table(table, schema_name=schema, output=rows)
    return rows.getvalue()


async def _size(connection: DirectConnection, schema: str) -> int:
    size: int = await connection.fetchval(
        "select coalesce(sum(pg_relation_size(oid)), 0)::bigint from pg_class where relnamespace = to_regnamespace($1)",
        schema,
    )
    return size


async def _shape(connection: DirectConnection) -> list[Record]:
    """Return what changes with any definition, grant or setting of the database."""
    marks = " union all ".join(
        f"select '{name}', count(*)::text, sum(xmin::text::bigint)::text from {name}" for name in _CATALOGS
    )
    return await connection.fetch(
        f"""
        {marks} union all
        select datacl::text, datconnlimit::text,
            (select string_agg(each::text, ' ') from pg_db_role_setting each where setdatabase = pg_database.oid)
        from pg_database where datname = current_database()
        """
    )
