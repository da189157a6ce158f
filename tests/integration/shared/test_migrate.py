"""The migration runner against a real database: what it applies, and what it refuses to touch."""

import asyncio
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import asyncpg
import pytest

from shared import migrate as runner
from shared.db import Database, open_database
from shared.lifecycle import Lifecycle
from shared.migrate import migrate
from shared.migration_files import MigrationError
from shared.schema_version import admission, require_schema, schema_version
from shared.settings import DatabaseSettings, Env
from tests.integration.shared.bare_schema import SCHEMA, bare, run, write
from tests.stores import DatabaseUrls
from tests.waiting import eventually


@pytest.fixture
async def database(user_database: DatabaseUrls) -> DatabaseUrls:
    return await bare(user_database)


async def test_missing_migrations_are_applied_once_in_order(database: DatabaseUrls, tmp_path: Path) -> None:
    folder = write(tmp_path, m0001_start="create table users.a (x int)", m0002_more="alter table users.a add y int")

    first = await migrate(database.owner, SCHEMA, folder)
    second = await migrate(database.owner, SCHEMA, folder)
    write(folder, m0003_last="insert into users.a values (1, 2)")
    third = await migrate(database.owner, SCHEMA, folder)

    assert (first, second, third) == (["0001_start.sql", "0002_more.sql"], [], ["0003_last.sql"])


async def test_three_runners_at_once_apply_each_migration_once(database: DatabaseUrls, tmp_path: Path) -> None:
    slow = "create table users.a (x int); select pg_sleep(0.3); insert into users.a values (1)"
    folder = write(tmp_path, m0001_start=slow, m0002_more="insert into users.a values (2)")

    applied = await asyncio.gather(*(migrate(database.owner, SCHEMA, folder) for _ in range(3)))

    assert sorted(map(len, applied)) == [0, 0, 2]
    connection = await asyncpg.connect(database.owner)
    try:
        assert [row["x"] for row in await connection.fetch("select x from users.a order by x")] == [1, 2]
    finally:
        await connection.close()


async def test_runners_at_once_do_not_deadlock_with_an_index_built_beside_them(
    database: DatabaseUrls, tmp_path: Path
) -> None:
    folder = write(
        tmp_path,
        m0001_start="create table users.a (x int)",
        m0002_index="-- no transaction\ncreate index concurrently a_x_idx on users.a (x)",
    )

    async with asyncio.timeout(20):
        applied = await asyncio.gather(*(migrate(database.owner, SCHEMA, folder) for _ in range(3)))

    assert sorted(map(len, applied)) == [0, 0, 2]


async def test_migration_that_was_changed_after_it_had_been_applied_stops_the_runner(
    database: DatabaseUrls, tmp_path: Path
) -> None:
    await migrate(database.owner, SCHEMA, write(tmp_path, m0001_start="create table users.a (x int)"))
    write(tmp_path, m0001_start="create table users.a (x bigint)", m0002_more="create table users.b (x int)")

    with pytest.raises(MigrationError, match=r"0001_start\.sql was changed"):
        await migrate(database.owner, SCHEMA, tmp_path)

    assert await tables(database) == {"a", "schema_migration"}


async def test_newer_database_that_still_serves_the_program_is_left_as_it_is(
    database: DatabaseUrls, tmp_path: Path
) -> None:
    """The jobs of a release that one goes back to run as well, and mustn't hold it up."""
    folder = write(tmp_path, m0001_start="create table users.a (x int)", m0002_more="create table users.b (x int)")
    await migrate(database.owner, SCHEMA, folder)
    (folder / "0002_more.sql").unlink()

    assert await migrate(database.owner, SCHEMA, folder) == []
    async with opened(database) as db:
        await require_schema(db, SCHEMA, 1)


async def test_programs_that_still_need_what_was_taken_away_neither_migrate_nor_serve(
    database: DatabaseUrls, tmp_path: Path
) -> None:
    contract = "-- contract: unused since 1.2.0, schema version 2\ndrop table users.a"
    folder = write(
        tmp_path,
        m0001_start="create table users.a (x int)",
        m0002_more="create table users.b (x int)",
        m0003_less=contract,
    )
    await migrate(database.owner, SCHEMA, folder)
    async with opened(database) as db:
        await require_schema(db, SCHEMA, 2)
        with pytest.raises(MigrationError, match="serves programs of version 2 or newer, and this one is of version 1"):
            await require_schema(db, SCHEMA, 1)

    (folder / "0003_less.sql").unlink()
    assert await migrate(database.owner, SCHEMA, folder) == []
    (folder / "0002_more.sql").unlink()
    with pytest.raises(MigrationError, match="serves programs of version 2 or newer"):
        await migrate(database.owner, SCHEMA, folder)


async def test_program_is_admitted_once_its_migrations_are_there(database: DatabaseUrls, tmp_path: Path) -> None:
    lifecycle = Lifecycle()
    async with opened(database) as db:
        admitted = asyncio.create_task(admission(db, SCHEMA, 1, lifecycle))
        await asyncio.wait({admitted}, timeout=0.1)
        assert not admitted.done()

        await migrate(database.owner, SCHEMA, write(tmp_path, m0001_start="create table users.a (x int)"))
        assert await admitted is True

        stopped = asyncio.create_task(admission(db, SCHEMA, 2, lifecycle))
        lifecycle.begin_stop()
        assert await stopped is False


async def test_program_whose_database_is_away_is_admitted_and_says_so_to_each_request(
    database: DatabaseUrls,
) -> None:
    away = Env({"DATABASE_URL": database.runtime.replace("users_runtime", "nobody")})
    async with open_database(DatabaseSettings.from_env(away)) as db:
        assert await admission(db, SCHEMA, 1, Lifecycle()) is True


async def test_table_of_the_first_runner_is_read_and_then_brought_up_to_date(
    database: DatabaseUrls, tmp_path: Path
) -> None:
    folder = write(tmp_path, m0001_start="create table users.a (x int)")
    await migrate(database.owner, SCHEMA, folder)
    await run(database, "alter table users.schema_migration drop column oldest_program")

    async with opened(database) as db:
        await require_schema(db, SCHEMA, 1)
    assert await migrate(database.owner, SCHEMA, write(folder, m0002_more="create table users.b (x int)")) == [
        "0002_more.sql"
    ]


async def test_gap_in_the_files_stops_the_runner_before_it_does_anything(
    database: DatabaseUrls, tmp_path: Path
) -> None:
    folder = write(tmp_path, m0001_start="create table users.a (x int)", m0003_gap="create table users.c (x int)")

    with pytest.raises(MigrationError, match="without a gap"):
        await migrate(database.owner, SCHEMA, folder)

    assert await tables(database) == set()


async def test_failing_migration_leaves_nothing_of_itself_and_all_before_it(
    database: DatabaseUrls, tmp_path: Path
) -> None:
    folder = write(
        tmp_path, m0001_start="create table users.a (x int)", m0002_bad="create table users.b (x int); select 1 / 0"
    )

    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrate(database.owner, SCHEMA, folder)

    assert await tables(database) == {"a", "schema_migration"}
    write(folder, m0002_bad="create table users.b (x int)")
    assert await migrate(database.owner, SCHEMA, folder) == ["0002_bad.sql"]


async def test_runner_gives_up_when_another_keeps_the_lock(
    database: DatabaseUrls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "_RUNNER_WAIT_SECONDS", 0.3)
    started = write(tmp_path, m0001_slow="select pg_sleep(5)")
    slow = asyncio.create_task(migrate(database.owner, SCHEMA, started))
    try:
        await held(database)
        with pytest.raises(MigrationError, match="held the lock"):
            await migrate(database.owner, SCHEMA, started)
    finally:
        slow.cancel()
        await asyncio.gather(slow, return_exceptions=True)


async def test_schema_version_counts_up_and_is_required(database: DatabaseUrls, tmp_path: Path) -> None:
    async with opened(database) as db:
        assert await schema_version(db, SCHEMA) == 0
        with pytest.raises(MigrationError, match="version 0, and version 1 is needed"):
            await require_schema(db, SCHEMA, 1)

        await migrate(database.owner, SCHEMA, write(tmp_path, m0001_start="create table users.a (x int)"))

        assert await schema_version(db, SCHEMA) == 1
        await require_schema(db, SCHEMA, 1)


def opened(database: DatabaseUrls) -> AbstractAsyncContextManager[Database]:
    return open_database(DatabaseSettings.from_env(Env({"DATABASE_URL": database.runtime})))


async def tables(database: DatabaseUrls) -> set[str]:
    connection = await asyncpg.connect(database.owner)
    try:
        rows = await connection.fetch("select tablename from pg_tables where schemaname = $1", SCHEMA)
    finally:
        await connection.close()
    return {row["tablename"] for row in rows}


async def held(database: DatabaseUrls) -> None:
    """Wait until somebody holds an advisory lock in this database."""

    async def look() -> bool:
        connection = await asyncpg.connect(database.owner)
        try:
            return bool(
                await connection.fetchval(
                    """
                    select true from pg_locks join pg_database d on d.oid = pg_locks.database
                    where locktype = 'advisory' and d.datname = current_database() limit 1
                    """
                )
            )
        finally:
            await connection.close()

    await eventually(look)
