"""Which version a schema has, and whether a program may serve on it."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass

import asyncpg

from shared.db import Db
from shared.errors import Unavailable
from shared.lifecycle import Lifecycle
from shared.logs import log
from shared.migration_files import MigrationError

_EVERY = 0.5  # seconds between two looks at a schema that doesn't serve us yet
_PATIENCE = 2.0  # seconds for the first one


@dataclass(frozen=True, slots=True)
class SchemaState:
    """`version` is the newest applied, 0 before the first. Programs of less than `oldest_program` can't serve."""

    version: int = 0
    oldest_program: int = 0


async def schema_state(db: Db, schema: str) -> SchemaState:
    if await db.fetchval("select to_regclass($1)", f"{schema}.schema_migration") is None:
        return SchemaState()
    # As JSON, for the table's first form, which is there until the next migration, lacks the column.
    row = await db.fetchrow(
        f"""
        select coalesce(max(version), 0) as version,
               coalesce(max((to_jsonb(m) ->> 'oldest_program')::integer), 0) as oldest
        from {schema}.schema_migration as m
        """  # noqa: S608  our own schema's name
    )
    assert row is not None  # an aggregate
    return SchemaState(row["version"], row["oldest"])


async def schema_version(db: Db, schema: str) -> int:
    return (await schema_state(db, schema)).version


async def require_schema(db: Db, schema: str, version: int) -> None:
    """Let a program serve that expects `version`: on that one, and on newer ones that took nothing from it.

    Raises MigrationError where it can't serve: not yet, or no more.
    """
    found = await schema_state(db, schema)
    if found.version < version:
        raise MigrationError(f"schema {schema} has version {found.version}, and version {version} is needed")
    if found.oldest_program > version:
        raise MigrationError(
            f"schema {schema} has version {found.version}, which serves programs of version {found.oldest_program} or "
            f"newer, and this one is of version {version}"
        )


async def admission(db: Db, schema: str, version: int, lifecycle: Lifecycle) -> bool:
    """Wait until the schema serves programs of that version; False when we were to stop before.

    Meanwhile nobody connects to us, so that others of our kind get the requests which we could only fail. A database
    that is away is waited for by each request instead.
    """
    told = False
    while not lifecycle.stopping:
        try:
            async with asyncio.timeout(_PATIENCE):
                await require_schema(db, schema, version)
        except MigrationError as exc:
            if not told:
                log.warning("schema_awaited", **{"error.message": str(exc)})
            told = True
            with suppress(TimeoutError):
                await asyncio.wait_for(lifecycle.stop(), _EVERY)
        except (Unavailable, TimeoutError, OSError, asyncpg.PostgresError):
            return True
        else:
            return True
    return False
