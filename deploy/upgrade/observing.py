"""What a migration does to tables that are there, seen on a scratch copy: it is run, and PostgreSQL is asked.

Tables that a migration makes itself are left out: nobody waits for what isn't there yet.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from deploy.upgrade.locks import READING, strongest, worth_telling
from deploy.upgrade.scratch import Scratch
from deploy.upgrade.statements import Statement, split
from shared.db import DirectConnection
from shared.migration_files import Migration

_POLL_SECONDS = 0.01


@dataclass(frozen=True, slots=True)
class Effect:
    """What one statement does: the `locks` that it is the first to hold, by table; which tables it writes anew as a
    whole, which it reads as a whole, and of which it builds an index.
    """

    statement: Statement
    locks: Mapping[str, str]
    rewrites: frozenset[str] = frozenset()
    scans: frozenset[str] = frozenset()
    indexes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _State:
    """`files` are where tables lie, `scans` how often each was read, `indexes` those of each table."""

    files: Mapping[str, int] = field(default_factory=dict)
    scans: Mapping[str, int] = field(default_factory=dict)
    indexes: Mapping[str, frozenset[int]] = field(default_factory=dict)


async def tables_of(connection: DirectConnection, schema: str) -> frozenset[str]:
    rows = await connection.fetch(
        "select relname from pg_class where relnamespace = $1::text::regnamespace and relkind in ('r', 'p')", schema
    )
    return frozenset(f"{schema}.{row['relname']}" for row in rows) - {f"{schema}.schema_migration"}


async def observe(scratch: Scratch, schema: str, migration: Migration, known: frozenset[str]) -> list[Effect]:
    """Apply the migration to the scratch copy, and return what each statement does to the `known` tables."""
    if not migration.in_transaction:
        return [await _observe_beside(scratch, schema, migration, known)]
    effects = []
    async with scratch.owner(schema) as connection, connection.transaction():
        pid = await connection.fetchval("select pg_backend_pid()")
        held: Mapping[str, str] = {}
        names, state = await _names(connection, known), await _look(connection, known)
        for statement in split(migration.sql):
            await connection.execute(statement.sql)
            locks = await _locks(connection, pid, names)
            now = await _look(connection, known)
            effects.append(_effect(statement, _newly(held, locks), state, now))
            held, state = locks, now
    return effects


async def _observe_beside(scratch: Scratch, schema: str, migration: Migration, known: frozenset[str]) -> Effect:
    """Run a statement that can be in no transaction while somebody writes: it waits for that, and so can be seen."""
    (statement,) = split(migration.sql)
    async with scratch.owner(schema) as connection, scratch.connection() as writer, scratch.connection() as looker:
        pid = await connection.fetchval("select pg_backend_pid()")
        names, before = await _names(looker, known), await _look(looker, known, whole=True)
        locks: Mapping[str, str] = {}
        async with writer.transaction():
            for table in before.files:  # an earlier migration may have taken away others
                await writer.execute(f"lock table {table} in row exclusive mode")
            running = asyncio.create_task(connection.execute(statement.sql))
            while not running.done():
                if await looker.fetchval("select true from pg_locks where pid = $1 and not granted limit 1", pid):
                    locks = await _locks(looker, pid, names)
                    break
                await asyncio.sleep(_POLL_SECONDS)
        await running
        await connection.execute("select pg_stat_force_next_flush()")
        await connection.execute("select")  # at whose end it does
        after = await _look(looker, known, whole=True)
    return _effect(statement, _newly({}, locks), before, after)


def _newly(held: Mapping[str, str], locks: Mapping[str, str]) -> dict[str, str]:
    return {
        table: mode
        for table, mode in sorted(locks.items())
        if worth_telling(mode) and strongest(mode, held.get(table, READING)) != held.get(table)
    }


def _effect(statement: Statement, locks: Mapping[str, str], before: _State, after: _State) -> Effect:
    tables = before.scans.keys() & after.scans.keys()
    built = frozenset(
        table for table in tables if after.indexes.get(table, frozenset()) - before.indexes.get(table, frozenset())
    )
    rewrites = frozenset(table for table in tables if before.files[table] != after.files[table])
    scans = frozenset(table for table in tables if after.scans[table] > before.scans[table])
    return Effect(statement, locks, rewrites, scans - rewrites - built, built - rewrites)


_LOCKS = """
select relation::bigint as relation, mode from pg_locks
where pid = $1 and locktype = 'relation' and database = (select oid from pg_database where datname = current_database())
"""


async def _locks(connection: DirectConnection, pid: int, names: Mapping[int, str]) -> dict[str, str]:
    """Return the strongest lock of each table that the session holds or waits for."""
    found: dict[str, str] = {}
    for row in await connection.fetch(_LOCKS, pid):
        if table := names.get(row["relation"]):
            found[table] = strongest(row["mode"], found.get(table, READING))
    return found


# An index is locked with its table in mind: a query that plans with it waits as for the table.
_NAMES = """
with known as (select to_regclass(each)::oid as oid from unnest($1::text[]) as each)
select oid::bigint as relation, oid::regclass::text as name from known where oid is not null
union all
select indexrelid::bigint, indrelid::regclass::text from pg_index where indrelid in (select oid from known)
"""


async def _names(connection: DirectConnection, known: frozenset[str]) -> dict[int, str]:
    """Return the tables by their number and by those of their indexes."""
    rows = await connection.fetch(_NAMES, sorted(known))
    return {row["relation"]: row["name"] for row in rows}


_TABLES = """
select oid::regclass::text as name, relfilenode as file, {scans}(oid) as scans,
       array(select indexrelid::bigint from pg_index where indrelid = pg_class.oid) as indexes
from pg_class where oid = any (
    select to_regclass(each) from unnest($1::text[]) as each where to_regclass(each) is not null
)
"""


async def _look(connection: DirectConnection, known: frozenset[str], *, whole: bool = False) -> _State:
    """Look at the tables: their reads in this transaction, or, `whole`, all of them by anybody."""
    scans = "pg_stat_get_numscans" if whole else "pg_stat_get_xact_numscans"
    rows = await connection.fetch(_TABLES.format(scans=scans), sorted(known))
    return _State(
        {row["name"]: row["file"] for row in rows},
        {row["name"]: row["scans"] for row in rows},
        {row["name"]: frozenset(row["indexes"]) for row in rows},
    )
