"""The migration runner beside programs at work: it never has others wait behind it for long, and it finishes."""

import asyncio
from functools import partial
from pathlib import Path

import asyncpg
import pytest

from shared import migrate as runner
from shared.migrate import migrate
from shared.migration_files import MigrationError
from tests.integration.shared.bare_schema import SCHEMA, bare, run, write
from tests.stores import DatabaseUrls
from tests.waiting import eventually


@pytest.fixture
async def database(user_database: DatabaseUrls) -> DatabaseUrls:
    return await bare(user_database)


async def test_migration_waits_aside_until_it_gets_its_locks(
    database: DatabaseUrls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader's long transaction: the migration steps back again and again, and others read meanwhile."""
    monkeypatch.setattr(runner, "_LOCK_TIMEOUT", "100ms")
    monkeypatch.setattr(runner, "_PAUSE_SECONDS", 0.1)
    folder = write(tmp_path, m0001_start="create table users.a (x int)")
    await migrate(database.owner, SCHEMA, folder)
    write(folder, m0002_more="alter table users.a add y int")
    before = await rolled_back(database)
    connection = await asyncpg.connect(database.owner)
    try:
        async with connection.transaction():
            await connection.fetch("select x from users.a")
            migrating = asyncio.create_task(migrate(database.owner, SCHEMA, folder))
            await eventually(partial(rolled_back_since, database, before))
            assert not migrating.done()
        assert await migrating == ["0002_more.sql"]
    finally:
        await connection.close()


async def test_migration_that_never_gets_its_locks_says_what_is_in_its_way(
    database: DatabaseUrls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "_LOCK_TIMEOUT", "20ms")
    monkeypatch.setattr(runner, "_PAUSE_SECONDS", 0.0)
    folder = write(tmp_path, m0001_start="create table users.a (x int)")
    await migrate(database.owner, SCHEMA, folder)
    write(folder, m0002_more="alter table users.a add y int")
    connection = await asyncpg.connect(database.owner)
    try:
        async with connection.transaction():
            await connection.fetch("select x from users.a")
            with pytest.raises(MigrationError, match=r"0002_more\.sql didn't get its locks in 12 attempts"):
                await migrate(database.owner, SCHEMA, folder)
    finally:
        await connection.close()


async def test_index_that_an_earlier_attempt_left_broken_is_built_anew(database: DatabaseUrls, tmp_path: Path) -> None:
    folder = write(tmp_path, m0001_start="create table users.a (x int); insert into users.a values (1), (1)")
    await migrate(database.owner, SCHEMA, folder)
    index = "create unique index concurrently if not exists a_x_idx on users.a (x)"
    write(folder, m0002_index=f"-- no transaction\n{index}")
    with pytest.raises(asyncpg.UniqueViolationError):
        await migrate(database.owner, SCHEMA, folder)
    await run(database, "delete from users.a where ctid = (select min(ctid) from users.a)")

    assert await migrate(database.owner, SCHEMA, folder) == ["0002_index.sql"]
    valid = "select indisvalid from pg_index where indexrelid = 'users.a_x_idx'::regclass"
    assert await run(database, valid) is True


async def rolled_back_since(database: DatabaseUrls, before: int) -> bool:
    """Tell whether a transaction in this database was rolled back: the migration's, which didn't get its lock."""
    return await rolled_back(database) > before


async def rolled_back(database: DatabaseUrls) -> int:
    return int(await run(database, "select xact_rollback from pg_stat_database where datname = current_database()"))
