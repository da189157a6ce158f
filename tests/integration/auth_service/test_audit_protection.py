"""The audit log by the running service's own connection: it adds and reads, and can do nothing else."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from auth_service.app import MIGRATIONS
from auth_service.repository.retention import PURGES
from shared.db import DirectConnection, open_database
from shared.migrate import migrate
from shared.purge import purge
from shared.settings import DatabaseSettings, Secret
from tests.integration.auth_service.world import AuthService
from tests.stores import DatabaseUrls

REFUSED = (asyncpg.InsufficientPrivilegeError,)
ENTRIES = "select count(*) from auth.audit_entry where user_id is not null"  # not of signing keys


@asynccontextmanager
async def runtime(urls: DatabaseUrls) -> AsyncIterator[DirectConnection]:
    connection = await asyncpg.connect(urls.runtime)
    try:
        yield connection
    finally:
        await connection.close()


async def run_purge(urls: DatabaseUrls) -> None:
    url = Secret(urls.runtime)
    async with open_database(DatabaseSettings(url, url, pool_size=2, timeout=5)) as database:
        await purge(database, PURGES)


@pytest.mark.parametrize(
    "statement",
    [
        "update auth.audit_entry set action = 'nothing'",
        "update auth.audit_entry set details = '{}' where false",
        "delete from auth.audit_entry",
        "delete from auth.audit_entry where false",
        "truncate auth.audit_entry",
        "truncate auth.account cascade",
        "drop table auth.audit_entry",
        "drop schema auth cascade",
        "alter table auth.audit_entry disable trigger all",
        "alter table auth.audit_entry rename to hidden",
        "alter table auth.audit_entry owner to current_user",
        "create trigger t before insert on auth.audit_entry for each row execute function auth.keep_an_administrator()",
        "create rule r as on insert to auth.audit_entry do instead nothing",
        "create table auth.mine (reference uuid references auth.audit_entry)",
        "insert into auth.audit_entry table auth.audit_entry on conflict (audit_entry_id) do update set at = now()",
        "merge into auth.audit_entry a using (select) s on true when matched then delete",
        "select from auth.audit_entry for update",
        "update auth.audit_retention set days = 1",
        "delete from auth.audit_retention",
        "insert into auth.audit_retention values (1)",
        "truncate auth.audit_retention",
        "create or replace function auth.purge_audit_entries(integer) returns setof uuid language sql as 'select 1'",
        "alter function auth.purge_audit_entries(integer) reset search_path",
        "drop function auth.purge_audit_entries(integer)",
        "set role auth_owner",
        "set session authorization auth_owner",
        "set session_replication_role = replica",
    ],
)
async def test_runtime_role_changes_nothing(service: AuthService, auth_database: DatabaseUrls, statement: str) -> None:
    await service.register()
    before = await service.admin.fetch("select * from auth.audit_entry")
    async with runtime(auth_database) as connection:
        with pytest.raises(REFUSED):
            await connection.execute(statement)
        assert await connection.fetch("select * from auth.audit_entry") == before
    assert await service.admin.fetchval(ENTRIES) == 2


async def test_purge_takes_what_is_past_its_time_and_nothing_else(
    service: AuthService, auth_database: DatabaseUrls
) -> None:
    await service.register()
    for age, left in (("399 days", 2), ("2 days", 0)):
        await service.admin.execute(f"update auth.audit_entry set at = at - interval '{age}'")
        await run_purge(auth_database)
        assert await service.admin.fetchval(ENTRIES) == left


async def test_retention_is_the_owners_to_change(service: AuthService, auth_database: DatabaseUrls) -> None:
    await service.register()
    await service.admin.execute("update auth.audit_entry set at = at - interval '31 days'")
    owner = await asyncpg.connect(auth_database.owner)
    try:
        await owner.execute("update auth.audit_retention set days = 30")
    finally:
        await owner.close()
    await run_purge(auth_database)
    assert await service.admin.fetchval(ENTRIES) == 0


async def test_purge_function_is_not_talked_into_more(service: AuthService, auth_database: DatabaseUrls) -> None:
    """Whoever holds the runtime role's connection calls it with what they like, behind objects of their own."""
    await service.register()
    database = await service.admin.fetchval("select current_database()")
    await service.admin.execute(f"grant temporary on database {database} to auth_runtime")
    async with runtime(auth_database) as connection:
        await connection.execute("create temporary table audit_retention as select -1000 as days")
        await connection.execute("create temporary table audit_entry as select 1 as at")
        await connection.execute("set search_path = pg_temp, auth")
        await connection.execute("set timezone = 'Pacific/Kiritimati'")
        for most in (2**31 - 1, 1, 0, None):
            await connection.fetch("select auth.purge_audit_entries($1)", most)
    assert await service.admin.fetchval(ENTRIES) == 2


async def test_grantees_of_any_name_lose_the_same(auth_database: DatabaseUrls) -> None:
    """The roles' names are the operator's: the migration finds them in the catalogue."""
    admin = await asyncpg.connect(auth_database.admin)
    try:
        await admin.execute('create role "Odd name"')
        await admin.execute(
            """
            drop schema auth cascade;
            create schema auth authorization auth_owner;
            alter default privileges for role auth_owner in schema auth grant all on tables to "Odd name";
            alter default privileges for role auth_owner in schema auth grant select, update on tables to public;
            """
        )
        await migrate(auth_database.owner, "auth", MIGRATIONS)
        rows = await admin.fetch(
            """
            select relname, case when grantee = 0 then 'public' else grantee::regrole::text end as name, privilege_type
            from pg_class cross join lateral aclexplode(relacl)
            where relname in ('audit_entry', 'audit_retention') and grantee <> relowner
            """
        )
        held = {(row["relname"], row["name"], row["privilege_type"]) for row in rows}
        harmless = {"MAINTAIN"}  # since PostgreSQL 17: to vacuum it
        assert {each for each in held if each[2] not in harmless} == {
            ("audit_entry", '"Odd name"', "SELECT"),
            ("audit_entry", '"Odd name"', "INSERT"),
            ("audit_entry", "public", "SELECT"),
            ("audit_retention", '"Odd name"', "SELECT"),
            ("audit_retention", "public", "SELECT"),
        }
        function = "auth.purge_audit_entries(integer)"
        assert await admin.fetchval("select has_function_privilege('Odd name', $1, 'execute')", function)
    finally:
        await admin.execute('drop schema auth cascade; drop owned by "Odd name"; drop role "Odd name"')
        await admin.close()
