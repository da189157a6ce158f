"""`python -m deploy.upgrade plan`, as an operator runs it, for a database of an earlier version."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import asyncpg
import pytest

from deploy.upgrade.__main__ import main
from deploy.upgrade.plan import ROOT
from shared.migration_files import expected_version
from tests.stores import DatabaseUrls, StoreUrls

FOLDER = ROOT / "file_service" / "migrations"
NEWEST = expected_version(FOLDER)


@dataclass(frozen=True, slots=True)
class Done:
    status: int
    stdout: str
    stderr: str


Planned = Callable[..., Awaitable[Done]]


@pytest.fixture
def environ(stores: StoreUrls, file_database: DatabaseUrls) -> dict[str, str]:
    return {"DATABASE_OWNER_URL": file_database.owner, "SCRATCH_ADMIN_URL": stores.postgres}


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Planned:
    """Run the command in this process: starting one costs more than all that it does."""

    async def run(*arguments: str, **environ: str) -> Done:
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        status = await asyncio.to_thread(main, ["plan", *arguments])
        return Done(status, *capsys.readouterr())

    return run


async def run(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def go_back(database: DatabaseUrls, version: int) -> None:
    """Make the schema what it was at that version."""
    recorded = f"select number, '', '' from generate_series(1, {version}) as number"
    await run(database.admin, "drop schema files cascade", "create schema files authorization files_owner")
    await run(
        database.owner,
        *(path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.sql"))[:version]),
        "create table files.schema_migration (version integer, name text, checksum text)",
        f"insert into files.schema_migration {recorded}",
    )


async def test_plan_tells_what_each_pending_statement_locks_and_how_large_the_table_is(
    file_database: DatabaseUrls, planned: Planned, environ: dict[str, str]
) -> None:
    await go_back(file_database, 3)
    owner = "00000000-0000-0000-0000-000000000001"
    await run(
        file_database.owner,
        f"insert into files.owner (owner_id, bytes) values ('{owner}', 1000)",
        f"""
        insert into files.file (file_id, owner_id, name, size, content_type, sha256)
        select gen_random_uuid(), '{owner}', 'a', 1, 'text/plain', sha256('') from generate_series(1, 1000)
        """,
        "analyze files.file",
    )

    done = await planned("file_service", "--json", **environ)

    assert done.status == 0, done.stderr
    told = json.loads(done.stdout)
    [schema] = told["schemas"]
    assert (told["verdict"], schema["version"], schema["target"]) == ("safe", 3, NEWEST)
    assert schema["tables"]["files.file"]["rows"] == 1000
    [checks] = [migration for migration in schema["migrations"] if migration["name"] == "0005_checks.sql"]
    first, second, *_ = checks["statements"]
    assert (first["locks"], first["reads"]) == ({"files.file": "AccessExclusiveLock"}, ["files.file"])
    assert second["builds_index"] == ["files.file"]
    assert [(each["table"], each["waits"]) for each in checks["closed"]] == [("files.file", "reads and writes")]


async def test_plan_with_a_migration_that_takes_something_away_asks_for_a_pause(
    file_database: DatabaseUrls, planned: Planned, environ: dict[str, str]
) -> None:
    await go_back(file_database, 1)

    done = await planned("file_service", **environ)

    assert done.status == 3, done.stderr
    assert "0002_blobs.sql: needs a pause" in done.stdout
    assert "files/0002_blobs.sql: the running release needs what it takes: blob_deletion is gone" in done.stdout
    assert re.search(
        r"files\.file \(about 0 rows, \d+ kB\): locks ACCESS EXCLUSIVE, reads and writes wait", done.stdout
    )


async def test_database_that_is_up_to_date_has_nothing_to_migrate(planned: Planned, environ: dict[str, str]) -> None:
    done = await planned("file_service", **environ)
    assert (done.status, done.stdout) == (
        0,
        f"files: version {NEWEST}, nothing pending\n\nVerdict: nothing to migrate.\n",
    )


async def test_database_of_a_newer_release_is_an_error(
    file_database: DatabaseUrls, planned: Planned, environ: dict[str, str]
) -> None:
    statement = "insert into files.schema_migration (version, name, checksum) values (99, '', '')"
    await run(file_database.owner, statement)
    done = await planned("file_service", **environ)
    assert (done.status, done.stderr) == (
        1,
        f"upgrade plan: schema files has version 99, newer than this release's {NEWEST}\n",
    )


async def test_server_that_is_away_is_an_error_in_one_line(planned: Planned, environ: dict[str, str]) -> None:
    done = await planned("file_service", **environ | {"DATABASE_OWNER_URL": "postgresql://nobody@127.0.0.1:1/none"})
    assert (done.status, done.stderr.count("\n")) == (1, 1)


async def test_whole_installation_is_planned_with_a_superusers_url(
    planned: Planned, stores: StoreUrls, file_database: DatabaseUrls
) -> None:
    database = file_database.admin.partition("?")[0].rpartition("/")[2]
    done = await planned("--json", DATABASE_ADMIN_URL=stores.postgres, DATABASE_NAME=database)
    assert done.status == 0, done.stderr
    schemas = {
        each["schema"]: (each["version"], len(each["migrations"])) for each in json.loads(done.stdout)["schemas"]
    }
    assert schemas["files"] == (NEWEST, 0)
    assert schemas["auth"][0] == 0  # nothing was ever made of it there


@pytest.mark.parametrize("arguments", [["nobody"], ["auth_service", "more"], ["--yes"]])
async def test_other_words_are_answered_with_the_usage(planned: Planned, arguments: list[str]) -> None:
    done = await planned(*arguments)
    assert (done.status, done.stderr.partition(" ")[0]) == (2, "usage:")
