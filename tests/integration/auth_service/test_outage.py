"""The database goes away and comes back: clear answers meanwhile, nothing lost, no restart."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import asyncpg
import pytest

from tests.integration.auth_service.people import PASSWORD, Gateway, Json
from tests.integration.auth_service.world import AuthService, running
from tests.stores import DatabaseUrls
from tests.waiting import eventually

_CUT = """
    select pg_terminate_backend(pid) from pg_stat_activity
    where usename = 'auth_runtime' and datname = current_database()
"""


@asynccontextmanager
async def database_away(service: AuthService, database: DatabaseUrls) -> AsyncIterator[None]:
    """Let the service's role in no more, and end the connections that it has."""
    await service.admin.execute("alter role auth_runtime nologin")
    await service.admin.execute(_CUT)
    try:
        yield
    finally:
        await _let_in(service, database)


async def _let_in(service: AuthService, database: DatabaseUrls) -> None:
    """Return once the role gets in, which a pooler finds out a moment later."""

    async def gets_in() -> bool:
        try:
            async with asyncpg.create_pool(database.runtime, min_size=1, max_size=1) as pool:
                return bool(await pool.fetchval("select true"))
        except (asyncpg.PostgresError, OSError):
            return False

    await service.admin.execute("alter role auth_runtime login")
    await eventually(gets_in)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/v1/auth/register", {"email": "ada@example.org", "password": PASSWORD}),
        ("POST", "/v1/auth/login", {"email": "ada@example.org", "password": PASSWORD}),
        ("POST", "/v1/auth/logout", {}),
        ("GET", "/v1/auth/sessions", None),
        ("POST", "/v1/auth/password", {"current_password": PASSWORD, "new_password": "a new password"}),
        ("POST", "/v1/auth/account/deletion", {"password": PASSWORD}),
    ],
)
async def test_requests_are_told_to_come_back(
    service: AuthService, auth_database: DatabaseUrls, method: str, path: str, body: Json
) -> None:
    """R5: 503 with Retry-After and never 500; and all is well again as soon as the database is."""
    person = await service.register()
    async with database_away(service, auth_database):
        for _ in range(3):
            reply = await service.call(method, path, body, person=person)
            assert (reply.status, reply.code) == (503, "unavailable")
            assert reply.headers["Retry-After"] == "1"
        assert (await service.internal("GET", "/readyz")).status == 503
        assert (await service.internal("GET", "/livez")).status == 200
        assert (await service.call("GET", "/.well-known/jwks.json")).status == 200
    assert (await service.refresh(person.refresh_token)).status == 200
    assert (await service.internal("GET", "/readyz")).status == 200


async def test_no_acknowledged_refresh_is_lost_when_connections_break(service: AuthService) -> None:
    """R5, A4: connections are cut while people refresh; whoever asks again gets on, and nobody is signed out."""
    people = [await service.register() for _ in range(6)]

    async def keep_refreshing(token: str) -> str:
        for _ in range(10):
            reply = await service.refresh(token)
            assert reply.status in (200, 503), reply
            token = reply.body.get("refresh_token", token)
        return token

    async def keep_cutting() -> None:
        for _ in range(10):
            await service.admin.execute(_CUT)
            await asyncio.sleep(0.02)

    *tokens, _ = await asyncio.gather(*(keep_refreshing(person.refresh_token) for person in people), keep_cutting())

    async def goes_on(token: str) -> bool:
        reply = await service.refresh(token)
        assert reply.status in (200, 503), reply
        return reply.status == 200

    for token in tokens:
        await eventually(partial(goes_on, str(token)))
    assert await service.admin.fetchval("select count(*) from auth.session where revoked_at is not null") == 0


async def test_service_starts_while_the_database_is_away(
    auth_database: DatabaseUrls, gateway: Gateway, service: AuthService
) -> None:
    """R5: it becomes ready by itself, signing key included."""
    await service.admin.execute("delete from auth.signing_key")
    async with database_away(service, auth_database), running(auth_database, gateway) as late:
        assert (await late.internal("GET", "/readyz")).status == 503
        assert (await late.call("GET", "/.well-known/jwks.json")).status == 503
        await _let_in(late, auth_database)
        assert (await late.internal("GET", "/readyz")).status == 200
        await late.register()
