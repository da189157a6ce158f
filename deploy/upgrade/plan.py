"""What an upgrade to this tree does to the database: pending migrations, each tried on an empty copy of the schema."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.upgrade.errors import UpgradeError
from deploy.upgrade.narrowing import Contents, contents, narrowed
from deploy.upgrade.observing import observe, tables_of
from deploy.upgrade.scratch import Scratch
from deploy.upgrade.verdict import Judged, Size, judge
from shared.db import DirectConnection
from shared.migration_files import Migration
from shared.schema_version import schema_state

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True, slots=True)
class Now:
    """A schema as it serves."""

    version: int
    sizes: Mapping[str, Size]


@dataclass(frozen=True, slots=True)
class SchemaPlan:
    """From `version` to `target`; `sizes` are those of the tables now."""

    schema: str
    version: int
    target: int
    migrations: Sequence[Judged]
    sizes: Mapping[str, Size]

    @property
    def reasons(self) -> list[str]:
        return [f"{each.name}: {reason}" for each in self.migrations for reason in each.reasons]


_SIZES = """
select pg_class.oid::regclass::text as name,
       case when reltuples > 0 then reltuples::bigint else coalesce(n_live_tup, 0) end as rows,
       pg_relation_size(pg_class.oid) as bytes, pg_total_relation_size(pg_class.oid) as total
from pg_class left join pg_stat_all_tables on relid = pg_class.oid
where relnamespace = (select oid from pg_namespace where nspname = $1) and relkind = 'r'
"""


async def look(connection: DirectConnection, schema: str) -> Now:
    """Look at the running database, as anybody who may connect."""
    state = await schema_state(connection, schema)
    rows = await connection.fetch(_SIZES, schema)
    return Now(state.version, {row["name"]: Size(row["rows"], row["bytes"], row["total"]) for row in rows})


async def plan(scratch: Scratch, schema: str, migrations: Sequence[Migration], now: Now) -> SchemaPlan:
    """Raises UpgradeError where the database is of a newer release than the migrations."""
    if now.version > len(migrations):
        raise UpgradeError(f"schema {schema} has version {now.version}, newer than this release's {len(migrations)}")
    async with scratch.owner(schema) as connection:
        for migration in migrations[: now.version]:
            await connection.execute(migration.sql)
        base = Base(now, await tables_of(connection, schema), await contents(connection, schema))
    judged = [await _try(scratch, schema, migration, base) for migration in migrations[now.version :]]
    return SchemaPlan(schema, now.version, len(migrations), judged, now.sizes)


@dataclass(frozen=True, slots=True)
class Base:
    """What the running release has: what only pending migrations have made is nobody's yet."""

    now: Now
    tables: frozenset[str]
    contents: Contents


async def _try(scratch: Scratch, schema: str, migration: Migration, base: Base) -> Judged:
    async with scratch.connection() as connection:
        before = await contents(connection, schema)
        effects = await observe(scratch, schema, migration, base.tables)
        known = {key: fact for key, fact in before.items() if key in base.contents}
        taken = narrowed(known, await contents(connection, schema))
    return judge(migration, effects, base.now.sizes, taken, base.now.version)
