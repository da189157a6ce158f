"""What keeps file_service from deleting while a backup is made."""

from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from deploy.backup.errors import BackupError
from deploy.backup.hold import held
from deploy.backup.installation import Server
from deploy.backup.snapshot import open_snapshot
from shared.db import DirectConnection
from shared.settings import Secret
from tests.stores import DatabaseUrls

LEFT = "select extract(epoch from until - now())::float8 as left from files.collection_hold where holder = 'backup'"


@pytest.fixture
def server(file_database: DatabaseUrls) -> Server:
    return Server(Secret(file_database.admin), urlsplit(file_database.admin).path.removeprefix("/"), Path)


@pytest.fixture
async def database(file_database: DatabaseUrls) -> AsyncIterator[DirectConnection]:
    connection = await asyncpg.connect(file_database.admin)
    yield connection
    await connection.close()


async def test_it_is_there_while_the_backup_is_made_and_gone_after(server: Server, database: DirectConnection) -> None:
    async with held(server, "backup"):
        assert 590 < await database.fetchval(LEFT) <= 600
    assert await database.fetchval(LEFT) is None


async def test_it_goes_with_a_backup_that_fails(server: Server, database: DirectConnection) -> None:
    with suppress(RuntimeError):
        async with held(server, "backup"):
            raise RuntimeError
    assert await database.fetchval(LEFT) is None


async def test_it_is_put_off_again(server: Server, database: DirectConnection) -> None:
    async with held(server, "backup") as hold:
        await database.execute("update files.collection_hold set until = now() + interval '1 minute'")
        await hold.renew()
        assert await database.fetchval(LEFT) > 590


@pytest.mark.parametrize(
    "loss", ["update files.collection_hold set until = now()", "delete from files.collection_hold"]
)
async def test_a_backup_whose_hold_has_ended_is_not_trusted(
    server: Server, database: DirectConnection, loss: str
) -> None:
    async with held(server, "backup") as hold:
        await database.execute(loss)
        with pytest.raises(BackupError, match="begin again"):
            await hold.renew()


async def test_a_database_that_is_away_is_named(server: Server) -> None:
    nowhere = Server(Secret("postgresql://postgres@127.0.0.1:1/postgres"), "colonnade", server.clients)
    with pytest.raises(BackupError, match="The database colonnade"):
        async with open_snapshot(nowhere):
            raise AssertionError


def test_a_password_is_not_on_the_command_line() -> None:
    server = Server(Secret("postgresql://ada:p%40ss@db.example:5433/postgres?sslmode=require"), "colonnade", Path)
    command, environ = server.client("pg_dump", "colonnade")
    assert command[-1] == "--dbname=postgresql://ada@db.example:5433/colonnade?sslmode=require"
    assert environ["PGPASSWORD"] == "p@ss"
