"""What an operator is told of the database's pool, while it happens."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from shared.db import Database, DirectConnection, open_database
from shared.errors import Unavailable
from tests.integration.shared.tables import settings_for
from tests.ports import free_port
from tests.told import Grown, told


@pytest.fixture
async def lone(url: str) -> AsyncIterator[Database]:
    """A pool of one connection."""
    async with open_database(settings_for(url, pool_size=1, timeout=0.3)) as opened:
        yield opened


async def test_connections_in_use_and_those_who_wait_are_told(lone: Database) -> None:
    grown = Grown("database_pool_wait_seconds_count", "database_lent_seconds_count", "database_lent_seconds_sum")
    assert told("database_pool_size") == 1
    async with lone.connection():
        assert told("database_up") == 1
        assert told("database_pool_connections", state="open") == 1
        assert told("database_pool_connections", state="idle") == 0
        waiting = asyncio.create_task(lone.fetchval("select 1"))
        await asyncio.sleep(0)  # it has joined the line
        assert told("database_pool_waiting") == 1
    assert await waiting == 1
    assert told("database_pool_waiting") == 0
    assert told("database_pool_connections", state="idle") == 1
    # Other pools of this process are counted with it: services that tests share have work of their own.
    assert grown["database_pool_wait_seconds_count"] >= 1
    assert grown["database_lent_seconds_count"] >= 2
    assert grown["database_lent_seconds_sum"] > 0


async def test_pool_that_is_too_small_says_so(lone: Database) -> None:
    grown = Grown("database_failures_total", reason="busy")
    async with lone.connection():
        with pytest.raises(Unavailable):
            await lone.fetchval("select 1")
    assert grown["database_failures_total"] == 1


async def test_database_that_is_away_is_told(url: str) -> None:
    """R2"""
    grown = Grown("database_failures_total", reason="connect")
    nowhere = f"postgresql://nobody@127.0.0.1:{free_port()}/nothing"
    async with open_database(settings_for(nowhere, timeout=0.3)) as away:
        with pytest.raises(Unavailable):
            await away.fetchval("select 1")
    assert grown["database_failures_total"] == 1
    assert told("database_up") == 0
    async with open_database(settings_for(url)) as back:
        assert await back.fetchval("select 1") == 1
    assert told("database_up") == 1


async def lose_connection(database: Database, direct: DirectConnection) -> None:
    async with database.connection() as connection:
        await direct.fetchval("select pg_terminate_backend($1)", connection.get_server_pid())
        await connection.fetchval("select 1")


async def lock_at_once(database: Database) -> None:
    async with database.transaction() as connection:
        await connection.execute("lock table app.thing nowait")


async def test_connection_that_is_lost_and_locks_in_the_way_are_told_apart(
    lone: Database, direct: DirectConnection
) -> None:
    lost, conflict = (Grown("database_failures_total", reason=reason) for reason in ("lost", "conflict"))
    with pytest.raises(Unavailable):
        await lose_connection(lone, direct)
    async with direct.transaction():
        await direct.execute("lock table app.thing")
        with pytest.raises(Unavailable):
            await lock_at_once(lone)
    assert (lost["database_failures_total"], conflict["database_failures_total"]) == (1, 1)
