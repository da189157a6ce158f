"""The program itself, as it is started: with arguments, an environment and signals."""

import asyncio
import re
import signal
import sys
from asyncio.subprocess import PIPE, Process

import aiohttp
import asyncpg

from auth_service.app import MIGRATIONS
from shared.migration_files import expected_version
from tests.integration.auth_service.people import HOME, Gateway
from tests.integration.auth_service.world import AuthService, environment
from tests.ports import free_port
from tests.stores import ROOT, DatabaseUrls


async def start(environ: dict[str, str], *arguments: str) -> Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "auth_service", *arguments), cwd=ROOT, env=environ, stdout=PIPE, stderr=PIPE
    )


async def until_started(process: Process) -> None:
    assert process.stdout is not None
    async with asyncio.timeout(20):
        async for line in process.stdout:
            if b'"started"' in line:
                return
    raise AssertionError(await process.communicate())


async def test_migrate_applies_once(auth_database: DatabaseUrls) -> None:
    admin = await asyncpg.connect(auth_database.admin)
    try:
        await admin.execute("drop schema auth cascade; create schema auth authorization auth_owner")
        for _ in range(2):
            process = await start({"DATABASE_OWNER_URL": auth_database.owner}, "migrate")
            output = await process.communicate()
            assert process.returncode == 0, output
        assert await admin.fetchval("select max(version) from auth.schema_migration") == expected_version(MIGRATIONS)
        assert await admin.fetchval("select count(*) from auth.event_epoch") == 1
    finally:
        await admin.close()


async def test_program_serves_and_stops_on_sigterm(auth_database: DatabaseUrls, gateway: Gateway) -> None:
    """R2: it stops by itself, with status 0."""
    environ = environment(auth_database, gateway) | {"PORT": "0", "PRIVATE_PORT": "0", "DRAIN_SECONDS": "0"}
    process = await start(environ)
    await until_started(process)
    process.send_signal(signal.SIGTERM)
    async with asyncio.timeout(20):
        rest, errors = await process.communicate()
    assert process.returncode == 0, errors
    assert re.search(rb'"event.action":"stopped"', rest)


async def test_kill_in_the_midst_of_refreshes_signs_nobody_out(
    auth_database: DatabaseUrls, gateway: Gateway, service: AuthService
) -> None:
    """A4: kill -9 between commits and replies, whichever it hits; at another replica everybody gets on."""
    people = [await service.register() for _ in range(20)]
    port = free_port()
    process = await start(environment(auth_database, gateway) | {"PORT": str(port), "PRIVATE_PORT": "0"})
    await until_started(process)

    async def keep_refreshing(session: aiohttp.ClientSession, token: str) -> str:
        headers = gateway.headers(None, HOME)
        while True:
            try:
                async with session.post("/v1/auth/refresh", json={"refresh_token": token}, headers=headers) as reply:
                    token = (await reply.json())["refresh_token"]
            except aiohttp.ClientError:
                return token

    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
        streams = [asyncio.create_task(keep_refreshing(session, person.refresh_token)) for person in people]
        async with asyncio.timeout(20):
            while await service.admin.fetchval("select sum(generation) from auth.session") < 100:  # noqa: ASYNC110  PostgreSQL doesn't call back
                await asyncio.sleep(0.001)
            process.kill()
            tokens = await asyncio.gather(*streams)
    await process.communicate()
    for token in tokens:
        assert (await service.refresh(token)).status == 200
    assert await service.admin.fetchval("select count(*) from auth.session where revoked_at is not null") == 0


async def test_program_without_settings_says_what_is_missing() -> None:
    process = await start({})
    _, errors = await process.communicate()
    assert process.returncode == 2
    for name in (b"DATABASE_URL", b"PASSWORD_PEPPER", b"REFRESH_KEY", b"KEY_ENCRYPTION_KEY", b"TRUST_FILE"):
        assert name in errors
