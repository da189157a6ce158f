"""The program around the routes: migrating, readiness, retention, and neighbours that are away."""

import asyncio
from pathlib import Path
from uuid import UUID

import pytest

from shared.db import open_database
from shared.ids import uuid7
from shared.purge import purge
from shared.settings import DatabaseSettings, Env
from tests.integration.user_service.running_service import running_service
from tests.stores import DatabaseUrls
from tests.waiting import eventually
from user_service.__main__ import main
from user_service.repository import PURGE_TOMBSTONES

DROP_ALL = "drop table users.profile, users.event_cursor, users.schema_migration"


async def test_unmigrated_program_is_alive_and_not_ready_until_somebody_migrates(
    user_database: DatabaseUrls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_service(user_database, tmp_path) as service:
        await service.fetch(DROP_ALL)
        before = await service.private.get("/readyz")
        told = await before.json()

        monkeypatch.setenv("DATABASE_OWNER_URL", user_database.owner)
        assert await asyncio.to_thread(main, ["migrate"]) == 0

        assert (before.status, told["ready"]) == (503, False)
        assert "schema users has version 0" in told["checks"]["database"]
        assert (await service.private.get("/livez")).status == 200
        assert (await service.private.get("/readyz")).status == 200
        assert (await service.person(uuid7()).get("/v1/users/me")).status == 200


async def test_profiles_work_while_the_owner_of_accounts_is_away(user_database: DatabaseUrls, tmp_path: Path) -> None:
    async with running_service(user_database, tmp_path) as service:
        await service.accounts_server.close()
        person = service.person(uuid7())

        assert (await person.patch({"display_name": "Ada"})).status == 200
        assert (await service.private.get("/readyz")).status == 200


async def test_database_that_is_away_is_a_503_and_comes_back_by_itself(
    user_database: DatabaseUrls, tmp_path: Path
) -> None:
    """R5: 503, not 500; recovers without a restart."""
    async with running_service(user_database, tmp_path) as service:
        person = service.person(uuid7())
        name = (await service.fetch("select current_database()"))[0][0]
        await service.fetch(f"alter database {name} connection limit 0")  # superusers are exempt
        await service.fetch(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and pid <> pg_backend_pid()",
            name,
        )
        try:
            away = await person.get("/v1/users/me")
            problem = await away.json()
        finally:
            await service.fetch(f"alter database {name} connection limit -1")

        async def look() -> bool:
            return (await person.get("/v1/users/me")).status == 200

        assert (away.status, problem["code"]) == (503, "unavailable")
        assert away.headers["Retry-After"]
        await eventually(look)


async def test_tombstones_are_purged_after_thirty_days(user_database: DatabaseUrls, tmp_path: Path) -> None:
    async with running_service(user_database, tmp_path) as service:
        old, young, alive = (uuid7() for _ in range(3))
        await service.fetch(
            """
            insert into users.profile (user_id, visibility, deleted_at) values
                ($1, 'private', now() - interval '31 days'), ($2, 'private', now() - interval '29 days'),
                ($3, 'public', null)
            """,
            *(old, young, alive),
        )
        async with open_database(DatabaseSettings.from_env(Env({"DATABASE_URL": user_database.runtime}))) as database:
            await purge(database, [PURGE_TOMBSTONES])

        left = {UUID(str(row["user_id"])) for row in await service.fetch("select user_id from users.profile")}
        assert left == {young, alive}


async def test_runtime_role_can_not_change_the_schema(user_database: DatabaseUrls) -> None:
    async with open_database(DatabaseSettings.from_env(Env({"DATABASE_URL": user_database.runtime}))) as database:
        allowed = await database.fetchval("select has_schema_privilege('users', 'create')")
    assert allowed is False
