"""Services whose database is reached over TLS, by certificates of their roles instead of passwords."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from deploy.roles import SCHEMAS, RolePasswords, RolesSettings, set_up
from shared.db import open_database
from shared.errors import Unavailable
from shared.migrate import migrate
from shared.settings import DatabaseSettings, Secret
from tests.authority import Authority, Pair
from tests.database_tls.server import TlsPostgres, running_tls_postgres
from tests.integration.auth_service.people import Gateway
from tests.integration.auth_service.world import running
from tests.stores import PASSWORD, ROOT, DatabaseUrls

_SECOND = timedelta(seconds=1)
SEEN = """
    select usename, s.ssl, s.version, s.client_dn from pg_stat_ssl s join pg_stat_activity a using (pid)
    where usename is not null and a.pid <> pg_backend_pid() and backend_type = 'client backend'
"""


@pytest.fixture(scope="module")
def postgres() -> Iterator[TlsPostgres]:
    with running_tls_postgres() as server:
        yield server


@pytest.fixture(scope="module")
async def runtime(postgres: TlsPostgres) -> Pair:
    """The certificate of the role that serves; the owner has set the schema up by its own."""
    passwords = {each: RolePasswords(Secret(PASSWORD), Secret(PASSWORD)) for each in SCHEMAS.values()}
    superuser = postgres.url("postgres", database="postgres")
    await set_up(RolesSettings(Secret(superuser), "auth", passwords))
    owner = postgres.authority.issue("auth_owner")
    await migrate(postgres.url("auth_owner", owner), "auth", ROOT / "auth_service" / "migrations")
    return postgres.authority.issue("auth_runtime")


@pytest.fixture
async def admin(postgres: TlsPostgres) -> "AsyncIterator[asyncpg.Connection[asyncpg.Record]]":
    connection = await asyncpg.connect(postgres.url("postgres"))
    yield connection
    await connection.close()


async def test_service_serves_by_its_certificate(
    postgres: TlsPostgres, runtime: Pair, admin: "asyncpg.Connection[asyncpg.Record]", tmp_path: Path
) -> None:
    """Statements and the line that it listens on; no password is in its DSN."""
    url = postgres.url("auth_runtime", runtime)
    urls = DatabaseUrls(url, url, url, postgres.url("postgres"))
    async with running(urls, Gateway(tmp_path)) as service:
        person = await service.register()
        assert (await service.refresh(person.refresh_token)).status == 200
        seen = [row for row in await admin.fetch(SEEN) if row["usename"] == "auth_runtime"]
        assert {(row["ssl"], row["version"], row["client_dn"]) for row in seen} == {
            (True, "TLSv1.3", "/CN=auth_runtime")
        }


@pytest.mark.parametrize("change", ["none", "another role's", "a stranger's", "expired"])
async def test_server_refuses_every_other_certificate(
    postgres: TlsPostgres, runtime: Pair, change: str, tmp_path: Path
) -> None:
    pairs = {
        "none": None,
        "another role's": postgres.authority.issue("auth_owner"),
        "a stranger's": Authority(tmp_path).issue("auth_runtime"),
        "expired": postgres.authority.issue("auth_runtime", lasting=-_SECOND),
    }
    with pytest.raises((asyncpg.InvalidAuthorizationSpecificationError, asyncpg.ConnectionDoesNotExistError)):
        await (await asyncpg.connect(postgres.url("auth_runtime", pairs[change]))).close()
    await (await asyncpg.connect(postgres.url("auth_runtime", runtime))).close()


async def test_server_that_is_not_the_named_one_is_refused(
    postgres: TlsPostgres, runtime: Pair, tmp_path: Path
) -> None:
    (stranger := tmp_path / "stranger.pem").write_text(Authority(tmp_path).certificate)
    url = postgres.url("auth_runtime", runtime)
    for wrong in (
        url.replace("127.0.0.1:", "localhost:"),
        postgres.url("auth_runtime", runtime, sslrootcert=str(stranger)),
    ):
        with pytest.raises(ssl.SSLCertVerificationError):
            await asyncpg.connect(wrong)
    with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError, match="no encryption"):
        await asyncpg.connect(postgres.url("auth_runtime", runtime, sslmode="disable"))


async def test_renewed_certificate_is_taken_by_the_next_connection(postgres: TlsPostgres, runtime: Pair) -> None:
    """So that it can be one of an hour: nothing is restarted for it."""
    pair = postgres.authority.issue("auth_owner")  # of no use for the role
    url = Secret(postgres.url("auth_runtime", pair))
    async with open_database(DatabaseSettings(url, url, pool_size=2, timeout=5)) as database:
        with pytest.raises(Unavailable):
            await database.fetchval("select 1")
        pair.replace(postgres.authority.issue("auth_runtime"))
        assert await database.fetchval("select 1") == 1
        both = await asyncio.gather(*(database.fetchval("select 2") for _ in range(2)))
        assert both == [2, 2]
