"""Fixtures over real stores, for every test. Both servers start once per test process, when first asked for.

stores            session   StoreUrls(postgres, valkey): a superuser's URL of the PostgreSQL server, and Valkey's URL
fresh_database    function  `urls = await fresh_database("auth_service")`: a database with all roles and schemas, where
                            that service's migrations are applied, without a row; any number per test, emptied after it.
                            DatabaseUrls(runtime, direct, owner, admin) are asyncpg DSNs of the service's own role (what
                            DATABASE_URL and DATABASE_DIRECT_URL are), of the role that migrates
                            (DATABASE_OWNER_URL), and of a superuser
auth_database     function  `await fresh_database("auth_service")`; likewise user_database and file_database
valkey_url        function  URL for `redis.asyncio.from_url`, of a Valkey that is empty when the test starts
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack

import pytest
from aiohttp import web_app
from hypothesis import settings
from redis import asyncio as aioredis

from tests.pgbouncer import running_pgbouncer
from tests.stores import Databases, DatabaseUrls, StoreUrls, running_stores

settings.load_profile("ci")  # no deadlines, which a busy machine breaks, and the same examples for the same test

FreshDatabase = Callable[[str], Awaitable[DatabaseUrls]]


@pytest.fixture(autouse=True)
def _applications_go_with_their_test() -> Iterator[None]:
    """aiohttp remembers a thousand pairs of handler and application, and keeps as many applications alive by it."""
    yield
    web_app._cached_build_middleware.cache_clear()


@pytest.fixture(scope="session")
def stores() -> Iterator[StoreUrls]:
    with running_stores() as urls:
        yield urls


@pytest.fixture(scope="session")
def databases(stores: StoreUrls, pytestconfig: pytest.Config) -> Iterator[Databases]:
    with ExitStack() as stack:
        pooled = pytestconfig.getoption("--pgbouncer")
        pooler = stack.enter_context(running_pgbouncer(stores.postgres)) if pooled else ""
        yield Databases(stores.postgres, pooler)


@pytest.fixture
async def fresh_database(databases: Databases) -> AsyncIterator[FreshDatabase]:
    async with AsyncExitStack() as clones:

        async def clone(service: str) -> DatabaseUrls:
            return await clones.enter_async_context(databases.clone(service))

        yield clone


@pytest.fixture
async def auth_database(fresh_database: FreshDatabase) -> DatabaseUrls:
    return await fresh_database("auth_service")


@pytest.fixture
async def user_database(fresh_database: FreshDatabase) -> DatabaseUrls:
    return await fresh_database("user_service")


@pytest.fixture
async def file_database(fresh_database: FreshDatabase) -> DatabaseUrls:
    return await fresh_database("file_service")


@pytest.fixture
async def valkey_url(stores: StoreUrls) -> str:
    async with aioredis.from_url(stores.valkey) as client:
        await client.flushall()
    return stores.valkey


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--pgbouncer", action="store_true", help="put PgBouncer before PostgreSQL, one transaction at a time"
    )
    parser.addoption("--kills", type=int, default=1, help="how often each process is killed under load")
    parser.addoption("--uploads", type=int, default=24, help="how many uploads are cut and resumed at random")
    parser.addoption("--histories", type=int, help="how many histories of sessions are tried")
