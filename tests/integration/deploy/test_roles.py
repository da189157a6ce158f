from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import asyncpg
import pytest

from deploy.roles import SCHEMAS, RolePasswords, RolesSettings, set_up
from shared.db import DirectConnection
from shared.settings import Secret
from tests.stores import DatabaseUrls, StoreUrls

FreshDatabase = Callable[[str], Awaitable[DatabaseUrls]]


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[DirectConnection]:
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


@pytest.fixture
async def database(fresh_database: FreshDatabase) -> DatabaseUrls:
    """A database in which the owner of schema `users` has made one table."""
    urls = await fresh_database("user_service")
    async with connected(urls.owner) as owner:
        await owner.execute("create table users.thing (thing_id bigserial primary key, name text)")
    return urls


async def test_runtime_role_reads_and_writes_rows(database: DatabaseUrls) -> None:
    async with connected(database.runtime) as runtime:
        await runtime.execute("insert into users.thing (name) values ('a')")
        await runtime.execute("update users.thing set name = 'b'")
        assert await runtime.fetchval("select name from users.thing") == "b"
        assert await runtime.execute("delete from users.thing") == "DELETE 1"


@pytest.mark.parametrize(
    "statement",
    [
        "create table users.other (x int)",
        "create table public.other (x int)",
        "create schema other",
        "create temporary table other (x int)",
        "alter table users.thing add column x int",
        "drop table users.thing",
        "truncate users.thing",
        "create index on users.thing (name)",
        "create role other",
        "create extension citext",
    ],
)
async def test_runtime_role_changes_no_schema(database: DatabaseUrls, statement: str) -> None:
    async with connected(database.runtime) as runtime:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await runtime.execute(statement)


@pytest.mark.parametrize("stranger", ["auth", "files"])
@pytest.mark.parametrize("role", ["owner", "runtime"])
async def test_no_role_sees_another_services_schema(database: DatabaseUrls, stranger: str, role: str) -> None:
    async with connected(database.admin) as admin:
        await admin.execute(f"set role {stranger}_{role}")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await admin.execute("select name from users.thing")


async def test_runtime_role_bounds_every_wait(database: DatabaseUrls) -> None:
    async with connected(database.runtime) as runtime:
        waits = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
        assert [await runtime.fetchval("select current_setting($1)", wait) for wait in waits] == ["5s", "2s", "10s"]


async def test_owner_role_gives_up_waiting_for_a_lock_before_those_behind_it_do(database: DatabaseUrls) -> None:
    """R13: whoever waits behind a migration, which waits for a lock, is served in the end."""
    async with connected(database.owner) as owner, connected(database.runtime) as runtime:
        assert await owner.fetchval("show lock_timeout") == "1s"
        assert await runtime.fetchval("show lock_timeout") == "2s"


async def test_role_of_one_service_cannot_connect_where_it_was_not_granted(
    database: DatabaseUrls, stores: StoreUrls
) -> None:
    stranger = database.runtime.replace("users_runtime", "auth_runtime")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await asyncpg.connect(stranger)


async def test_setting_up_again_keeps_the_data_and_takes_new_passwords(stores: StoreUrls) -> None:
    def settings(password: str) -> RolesSettings:
        both = RolePasswords(Secret(password), Secret(password))
        return RolesSettings(Secret(stores.postgres), "set_up_twice", dict.fromkeys(SCHEMAS.values(), both))

    await set_up(settings("guards-nothing-but-tests"))
    async with connected(stores.postgres.replace("/postgres?", "/set_up_twice?")) as admin:
        await admin.execute("set role files_owner; create table files.kept (x int)")
        await set_up(settings("another"))
        assert await admin.fetchval("select count(*) from files.kept") == 0
    await set_up(settings("guards-nothing-but-tests"))
