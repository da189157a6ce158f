"""The doctor at real stores, whose faults are real too: the tests' own PostgreSQL doesn't wait for its disk."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg
import pytest
from redis import asyncio as aioredis

from deploy.doctor.checks.postgres import postgres
from deploy.doctor.checks.valkey import valkey
from deploy.doctor.finding import Finding, Level
from deploy.doctor.stack import Stack
from tests.integration.gateway.limits.conftest import OwnValkey
from tests.stores import DatabaseUrls


def told(program: str, **environ: str) -> Stack:
    return Stack("http://127.0.0.1:8080", {}, {program: environ})


def found(findings: list[Finding], subject: str) -> Finding:
    return next(finding for finding in findings if finding.subject == subject)


async def test_postgres_that_does_not_wait_for_its_disk_fails(auth_database: DatabaseUrls) -> None:
    findings = await postgres(told("auth_service", DATABASE_URL=auth_database.runtime))
    durability = found(findings, "durability for auth_service")
    assert durability.level is Level.FAIL
    assert "fsync and synchronous_commit and full_page_writes off" in durability.what
    assert found(findings, "schema auth").level is Level.OK
    assert found(findings, "clock of PostgreSQL").level is Level.OK


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("delete from auth.schema_migration where version = 1", Level.FAIL),
        ("insert into auth.schema_migration (version, name, checksum) values (9999, 'later', '')", Level.WARN),
        ("insert into auth.schema_migration values (9999, 'less', '', now(), 9998)", Level.FAIL),
    ],
)
async def test_schema_of_another_release_is_found(auth_database: DatabaseUrls, statement: str, expected: Level) -> None:
    connection = await asyncpg.connect(auth_database.admin)
    await connection.execute("delete from auth.schema_migration where version > 1")
    await connection.execute(statement)
    await connection.close()
    findings = await postgres(told("auth_service", DATABASE_URL=auth_database.runtime))
    assert found(findings, "schema auth").level is expected


async def test_audit_log_that_the_service_can_change_is_to_be_looked_at(auth_database: DatabaseUrls) -> None:
    findings = await postgres(told("auth_service", DATABASE_URL=auth_database.runtime))
    assert found(findings, "audit log").level is Level.OK
    findings = await postgres(told("auth_service", DATABASE_URL=auth_database.owner))
    log = found(findings, "audit log")
    assert (log.level, "update and delete and truncate" in log.what) == (Level.WARN, True)
    connection = await asyncpg.connect(auth_database.owner)
    await connection.execute("grant delete on auth.audit_entry to auth_runtime")
    await connection.close()
    findings = await postgres(told("auth_service", DATABASE_URL=auth_database.runtime))
    assert "may delete what was written down" in found(findings, "audit log").what


async def test_postgres_that_is_away_fails_and_its_password_is_not_told() -> None:
    findings = await postgres(told("user_service", DATABASE_URL="postgresql://users:s3cret@127.0.0.1:9/x"))
    assert [finding.level for finding in findings] == [Level.FAIL]
    assert "s3cret" not in findings[0].line


@pytest.fixture
def own_valkey() -> Iterator[OwnValkey]:
    with TemporaryDirectory(prefix="colonnade-valkey-") as folder:
        server = OwnValkey(Path(folder))
        yield server
        server.kill()


@pytest.mark.parametrize(
    ("memory", "policy", "expected"),
    [
        ("0", "noeviction", Level.WARN),
        ("64mb", "noeviction", Level.FAIL),
        ("64mb", "volatile-ttl", Level.OK),
    ],
)
async def test_valkey_that_counts_nothing_when_full_is_found(
    own_valkey: OwnValkey, memory: str, policy: str, expected: Level
) -> None:
    async with aioredis.from_url(own_valkey.url) as client:
        await client.config_set("maxmemory", memory)
        await client.config_set("maxmemory-policy", policy)
    findings = await valkey(told("gateway", VALKEY_URL=own_valkey.url))
    assert found(findings, "Valkey's memory").level is expected
    assert found(findings, "clock of Valkey").level is Level.OK


async def test_valkey_that_is_away_fails() -> None:
    findings = await valkey(told("gateway", VALKEY_URL="redis://:s3cret@127.0.0.1:9"))
    assert [finding.level for finding in findings] == [Level.FAIL]
    assert "s3cret" not in findings[0].line
