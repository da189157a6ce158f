import pytest

from auth_service.repository.retention import PURGES
from shared.db import open_database
from shared.purge import purge
from shared.settings import DatabaseSettings, Secret
from tests.authenticator import Authenticator
from tests.integration.auth_service.factor_people import add_passkey, pending
from tests.integration.auth_service.people import STRANGER
from tests.integration.auth_service.world import AuthService
from tests.stores import DatabaseUrls


@pytest.mark.parametrize(
    ("column", "age", "kept"),
    [
        ("event.time", "29 days", 3),
        ("event.time", "31 days", 0),
        ("session.revoked_at", "29 days", 2),
        ("session.revoked_at", "31 days", 1),
        ("session.last_used_at", "59 days", 2),
        ("session.last_used_at", "61 days", 0),
        ("session.created_at", "119 days", 2),
        ("session.created_at", "121 days", 0),
        ("login_failure.window_started_at", "23 hours", 2),
        ("login_failure.window_started_at", "25 hours", 0),
        ("api_key.expires_at", "29 days", 1),
        ("api_key.expires_at", "31 days", 0),
        ("one_time_token.expires_at", "23 hours", 1),
        ("one_time_token.expires_at", "25 hours", 0),
        ("mail_count.window_started_at", "23 hours", 1),
        ("mail_count.window_started_at", "25 hours", 0),
        ("job.expires_at", "24 hours", 1),
        ("job.expires_at", "26 hours", 0),
        ("known_device.last_seen_at", "179 days", 1),
        ("known_device.last_seen_at", "181 days", 0),
    ],
)
async def test_rows_go_when_their_retention_is_over(
    service: AuthService, auth_database: DatabaseUrls, column: str, age: str, kept: int
) -> None:
    table, column = column.split(".")
    person = await service.register()
    await service.post("/v1/auth/logout", person=await service.login(person))
    await service.post("/v1/auth/api-keys", {"name": "a", "scopes": ["full"]}, person=person)
    await service.admin.execute("update auth.api_key set expires_at = now()")
    await service.try_login(person.email, "wrong password", STRANGER)
    await service.admin.execute(f"update auth.{table} set {column} = {column} - interval '{age}'")
    url = Secret(auth_database.runtime)
    async with open_database(DatabaseSettings(url, url, pool_size=2, timeout=5)) as database:
        await purge(database, PURGES)
    assert await service.admin.fetchval(f"select count(*) from auth.{table}") == kept
    assert await service.admin.fetchval("select count(*) from auth.account") == 1


@pytest.mark.parametrize(("left", "kept"), [("1 second", 1), ("-61 seconds", 0)])
async def test_what_waits_or_was_answered_goes_with_its_time(
    service: AuthService, auth_database: DatabaseUrls, left: str, kept: int
) -> None:
    person, key = await service.register(), Authenticator()
    await add_passkey(service, person, key)
    await pending(service, person)
    url = Secret(auth_database.runtime)
    for table in ("pending_sign_in", "spent_challenge"):
        await service.admin.execute(f"update auth.{table} set expires_at = now() + interval '{left}'")
        async with open_database(DatabaseSettings(url, url, pool_size=2, timeout=5)) as database:
            await purge(database, PURGES)
        assert await service.admin.fetchval(f"select count(*) from auth.{table}") == kept
