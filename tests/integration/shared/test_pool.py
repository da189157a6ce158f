import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import asyncpg
import pytest

from shared import pool as module
from shared.db import DirectConnection
from shared.pool import Pool
from tests.waiting import eventually

TIMEOUT = 5.0
OTHERS = "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"


@pytest.fixture
async def pool(url: str) -> AsyncIterator[Pool]:
    """A pool of two connections."""

    async def connect(timeout: float) -> DirectConnection:  # noqa: ASYNC109  asyncpg bounds it
        return await asyncpg.connect(url, timeout=timeout)

    opened = Pool(connect, 2, TIMEOUT)
    yield opened
    for connection in tuple(opened._lent):  # closing would wait for them
        connection.terminate()
        opened.release(connection)
    await opened.close()


async def start(pool: Pool) -> "asyncio.Task[DirectConnection]":
    """Begin to wait for a connection."""
    task = asyncio.create_task(pool.acquire())
    await asyncio.sleep(0)
    return task


async def test_connections_are_made_when_needed_and_the_last_one_used_is_lent_first(pool: Pool) -> None:
    first = await pool.acquire()
    pool.release(first)
    assert await pool.acquire() is first
    second = await pool.acquire()
    pool.release(first)
    pool.release(second)

    assert await pool.acquire() is second
    assert (pool.open_connections(), pool.idle_connections()) == (2, 1)


async def test_those_in_line_get_what_comes_back_in_order(pool: Pool) -> None:
    lent = [await pool.acquire(), await pool.acquire()]
    line = [await start(pool) for _ in range(3)]

    for task in line:
        pool.release(lent.pop(0))
        lent.append(await task)

    assert (pool.open_connections(), pool.idle_connections()) == (2, 0)


async def test_lost_connection_leaves_its_place_to_the_next_in_line(pool: Pool) -> None:
    lost, other = await pool.acquire(), await pool.acquire()
    waiting = await start(pool)

    lost.terminate()
    pool.release(lost)

    assert await (await waiting).fetchval("select 1") == 1
    pool.release(other)
    assert await pool.acquire() is other


async def test_connections_lost_while_idle_are_replaced(pool: Pool) -> None:
    idle = [await pool.acquire(), await pool.acquire()]
    for connection in idle:
        pool.release(connection)
        connection.terminate()

    lent = [await pool.acquire(), await pool.acquire()]

    assert not set(lent) & set(idle)
    assert pool.open_connections() == 2


@pytest.mark.parametrize("lost", [False, True], ids=["a connection", "a place"])
async def test_who_is_cancelled_when_its_turn_comes_passes_it_on(pool: Pool, *, lost: bool) -> None:
    """G29: nothing leaks, however late a request is cancelled."""
    lent = [await pool.acquire(), await pool.acquire()]
    cancelled, waiting = await start(pool), await start(pool)
    if lost:
        lent[0].terminate()

    pool.release(lent[0])
    cancelled.cancel()

    with suppress(asyncio.CancelledError):
        await cancelled
    assert await (await asyncio.wait_for(waiting, TIMEOUT)).fetchval("select 1") == 1
    assert pool.open_connections() == 2


async def test_who_gives_up_waiting_leaves_the_line(pool: Pool) -> None:
    lent = [await pool.acquire(), await pool.acquire()]
    gone = await start(pool)
    gone.cancel()
    waiting = await start(pool)

    pool.release(lent[0])

    assert await asyncio.wait_for(waiting, TIMEOUT) is lent[0]


async def test_attempt_to_connect_that_fails_gives_its_place_back() -> None:
    async def connect(_timeout: float) -> DirectConnection:
        raise ConnectionRefusedError

    pool = Pool(connect, 1, TIMEOUT)
    for _ in range(3):
        with pytest.raises(ConnectionRefusedError):
            await pool.acquire()


async def test_idle_connections_are_closed_after_a_while(
    pool: Pool, direct: DirectConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_IDLE_SECONDS", 0.05)
    lent = [await pool.acquire(), await pool.acquire()]
    for connection in lent:
        pool.release(connection)

    async def closed() -> bool:
        return pool.open_connections() == 0 and await direct.fetchval(OTHERS) == 0

    await eventually(closed)
    assert await (await pool.acquire()).fetchval("select 1") == 1


async def test_closing_pool_waits_for_what_it_lent_and_turns_away_who_waits(pool: Pool) -> None:
    lent = [await pool.acquire(), await pool.acquire()]
    waiting = await start(pool)
    closing = asyncio.create_task(pool.close())
    with pytest.raises(asyncpg.InterfaceError):
        await waiting

    assert [await connection.fetchval("select 1") for connection in lent] == [1, 1]
    for connection in lent:
        pool.release(connection)
    await asyncio.wait_for(closing, TIMEOUT / 2)

    assert all(connection.is_closed() for connection in lent)
    with pytest.raises(asyncpg.InterfaceError):
        await pool.acquire()
