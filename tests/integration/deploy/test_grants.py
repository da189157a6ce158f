"""What each role may do in a whole, migrated database: by PostgreSQL's own catalogue, and by trying."""

import itertools
from collections.abc import AsyncIterator
from importlib import import_module

import asyncpg
import pytest

from deploy.roles import SCHEMAS, RolePasswords, RolesSettings, set_up
from shared.db import DirectConnection
from shared.migrate import migrate
from shared.settings import Secret
from tests.integration.deploy.test_roles import connected
from tests.stores import StoreUrls

DATABASE, PASSWORD = "whole", "guards-nothing-but-tests"
ROLES = [f"{schema}_{role}" for schema in SCHEMAS.values() for role in ("owner", "runtime")]
STRANGERS = [
    (role, schema) for role, schema in itertools.product(ROLES, SCHEMAS.values()) if not role.startswith(schema)
]
APPEND_ONLY = {"auth.audit_entry": {"SELECT", "INSERT"}, "auth.audit_retention": {"SELECT"}}
ROWS_ALONE = {"SELECT", "INSERT", "UPDATE", "DELETE"}
ANYTHING = "SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER"
REFUSED = (
    "create table {schema}.mine (x int)",
    "create table public.mine (x int)",
    "create temporary table mine (x int)",
    "create view {schema}.mine as select 1 as x",
    "create function {schema}.mine() returns int language sql as 'select 1'",
    "create schema mine",
    "create database mine",
    "create role mine",
    "create extension citext",
    "alter table {table} add column mine int",
    "alter table {table} disable trigger all",
    "alter table {table} owner to current_user",
    "create trigger mine before insert on {table} for each row execute function lo_manage()",
    "create rule mine as on insert to {table} do instead nothing",
    "create index on {table} ((1))",
    "truncate {table}",
    "drop table {table}",
    "drop schema {schema} cascade",
    "lock table {table} in access exclusive mode nowait; alter table {table} rename to mine",
    "set session_replication_role = replica",
    "set role {schema}_owner",
    "set session authorization {schema}_owner",
    "alter role {schema}_owner password 'x'",
    "alter system set log_statement = 'all'",
    "select pg_read_file('postgresql.conf')",
    "select rolpassword from pg_authid",
    "copy {table} to '/tmp/mine'",
    "copy {table} to program 'true'",
    "select pg_reload_conf()",
)


@pytest.fixture(scope="module")
async def whole(stores: StoreUrls) -> AsyncIterator[str]:
    """A database as an operator's is; yields the superuser's URL."""
    both = RolePasswords(Secret(PASSWORD), Secret(PASSWORD))
    await set_up(RolesSettings(Secret(stores.postgres), DATABASE, dict.fromkeys(SCHEMAS.values(), both)))
    admin = stores.postgres.replace("/postgres?", f"/{DATABASE}?")
    for service, schema in SCHEMAS.items():
        await migrate(as_role(admin, f"{schema}_owner"), schema, import_module(f"{service}.app").MIGRATIONS)
    yield admin
    async with connected(stores.postgres) as connection:
        await connection.execute(f"drop database {DATABASE} with (force)")


def as_role(admin: str, role: str) -> str:
    return admin.replace("//postgres:", f"//{role}:", 1)


async def tables(connection: DirectConnection, schema: str) -> list[str]:
    rows = await connection.fetch(
        "select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname = $1", schema
    )
    return [row["name"] for row in rows]


async def test_no_role_has_anything_in_another_services_schema(whole: str) -> None:
    async with connected(whole) as admin:
        held = []
        for role, schema in STRANGERS:
            if await admin.fetchval("select has_schema_privilege($1, $2, 'USAGE, CREATE')", role, schema):
                held.append((role, schema))
            held += [(role, name) for name in await tables(admin, schema) if await has_any(admin, role, name)]
    assert held == []


async def has_any(admin: DirectConnection, role: str, name: str) -> bool:
    of_columns = "select has_any_column_privilege($1, $2, 'SELECT, INSERT, UPDATE')"
    of_table = await admin.fetchval("select has_table_privilege($1, $2, $3)", role, name, ANYTHING)
    return bool(of_table or await admin.fetchval(of_columns, role, name))


@pytest.mark.parametrize("role", ROLES)
async def test_role_is_refused_when_it_tries(whole: str, role: str) -> None:
    async with connected(whole) as admin:
        names = [
            name for schema in SCHEMAS.values() if not role.startswith(schema) for name in await tables(admin, schema)
        ]
    async with connected(as_role(whole, role)) as stranger:
        assert names
        assert [name for name in names if not await is_refused(stranger, f"select * from {name} limit 1")] == []


@pytest.mark.parametrize("schema", SCHEMAS.values())
async def test_runtime_role_has_rows_alone(whole: str, schema: str) -> None:
    role = f"{schema}_runtime"
    async with connected(whole) as admin:
        for name in await tables(admin, schema):
            rows = await admin.fetch(
                "select privilege_type from pg_class cross join lateral aclexplode(relacl) "
                "where oid = $1::text::regclass and grantee = $2::text::regrole",
                name,
                role,
            )
            assert {row["privilege_type"] for row in rows} == APPEND_ONLY.get(name, ROWS_ALONE), name
        assert not await admin.fetchval("select has_schema_privilege($1, $2, 'CREATE')", role, schema)


@pytest.mark.parametrize("role", ROLES)
async def test_role_is_nobody_elses_and_has_no_power_over_the_server(whole: str, role: str) -> None:
    async with connected(whole) as admin:
        powers = await admin.fetchrow(
            "select rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls from pg_roles "
            "where rolname = $1",
            role,
        )
        assert powers is not None
        assert not any(powers.values())
        members = "select count(*) from pg_auth_members where member = $1::text::regrole or roleid = $1::text::regrole"
        assert await admin.fetchval(members, role) == 0


@pytest.mark.parametrize("schema", SCHEMAS.values())
async def test_runtime_role_is_refused_whatever_is_no_row(whole: str, schema: str) -> None:
    async with connected(whole) as admin:
        [table, *_] = await tables(admin, schema)
    async with connected(as_role(whole, f"{schema}_runtime")) as runtime:
        tried = [statement.format(schema=schema, table=table) for statement in REFUSED]
        allowed = [statement for statement in tried if not await is_refused(runtime, statement)]
        assert await runtime.fetchval(f"select count(*) from {table}") is not None
    assert allowed == []


async def is_refused(connection: DirectConnection, statement: str) -> bool:
    try:
        await connection.execute(statement)
    except asyncpg.InsufficientPrivilegeError:
        return True
    return False


async def test_what_everybody_may_do(whole: str) -> None:
    """Connect: nobody that wasn't granted it. Use and make: nothing of ours. Call as its owner: nothing."""
    async with connected(whole) as admin:
        await admin.execute("create role nobody_in_particular login password 'x'")
        try:
            for privilege in ("CONNECT", "TEMPORARY", "CREATE"):
                may = "select has_database_privilege('nobody_in_particular', $1, $2)"
                assert not await admin.fetchval(may, DATABASE, privilege)
            for schema in ("public", *SCHEMAS.values()):
                may = "select has_schema_privilege('nobody_in_particular', $1, $2)"
                assert not await admin.fetchval(may, schema, "CREATE")
                assert await admin.fetchval(may, schema, "USAGE") is (schema == "public")
            lent = await admin.fetch(
                "select oid::regprocedure from pg_proc where prosecdef "
                "and has_function_privilege('nobody_in_particular', oid, 'EXECUTE')"
            )
            assert lent == []
        finally:
            await admin.execute("drop role nobody_in_particular")


@pytest.mark.parametrize("schema", SCHEMAS.values())
async def test_what_public_holds_in_public_is_of_extensions_alone(whole: str, schema: str) -> None:
    async with connected(as_role(whole, f"{schema}_runtime")) as runtime:
        found = await runtime.fetchval(
            "select count(*) from pg_class c where relnamespace = 'public'::regnamespace and not exists "
            "(select from pg_depend d where d.objid = c.oid and d.deptype = 'e')"
        )
    assert found == 0
