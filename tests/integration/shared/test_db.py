import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from uuid import UUID

import asyncpg
import pytest

from shared.db import Database, DirectConnection, connect, open_database
from shared.errors import NotFound, Unavailable
from shared.ids import uuid7
from shared.settings import Secret
from tests.integration.shared.tables import settings_for

TIMEOUT = 0.4
OTHERS = "from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"


@pytest.fixture
async def small(url: str) -> AsyncIterator[Database]:
    """A pool of two connections that waits shortly."""
    async with open_database(settings_for(url, pool_size=2, timeout=TIMEOUT)) as opened:
        yield opened


async def names(direct: DirectConnection) -> list[str]:
    return [row["name"] for row in await direct.fetch("select name from app.thing order by name")]


async def add(database: Database, name: str) -> None:
    await database.execute("insert into app.thing values ($1, $2)", uuid7(), name)


async def test_queries_run_on_pooled_connections(database: Database) -> None:
    await add(database, "a")
    row = await database.fetchrow("select name from app.thing")
    assert row is not None
    assert row["name"] == "a"
    assert await database.fetchval("select count(*) from app.thing") == 1
    assert len(await database.fetch("select generate_series(1, 3)")) == 3
    assert await database.fetchrow("select 1 where false") is None


async def test_transaction_is_kept_whole_or_not_at_all(database: Database, direct: DirectConnection) -> None:
    async with database.transaction() as connection:
        await connection.execute("insert into app.thing values ($1, 'kept')", uuid7())
    with suppress(NotFound):
        async with database.transaction() as connection:
            await connection.execute("insert into app.thing values ($1, 'lost')", uuid7())
            raise NotFound
    assert await names(direct) == ["kept"]


async def test_exhausted_pool_is_unavailable_in_bounded_time(small: Database) -> None:
    async with small.connection(), small.connection():
        start = time.monotonic()
        with pytest.raises(Unavailable) as caught:
            await small.fetchval("select 1")
        assert TIMEOUT * 0.9 <= time.monotonic() - start < TIMEOUT + 1
        assert caught.value.headers["Retry-After"] == "1"
    assert await small.fetchval("select 1") == 1


async def test_statement_that_takes_too_long_is_unavailable_and_stops_at_the_server(
    small: Database, direct: DirectConnection
) -> None:
    start = time.monotonic()
    with pytest.raises(Unavailable):
        await small.execute("select pg_sleep(30)")
    assert time.monotonic() - start < TIMEOUT + 2
    assert await small.fetchval("select 1") == 1
    assert not await direct.fetchval(f"select true {OTHERS} and state = 'active' and query like '%pg_sleep(30)%'")


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param("set local statement_timeout = 50; select pg_sleep(5)", id="statement_timeout"),
        pytest.param("set local lock_timeout = 50; lock table app.thing", id="lock_timeout"),
    ],
)  # fmt: skip
async def test_servers_own_time_out_is_unavailable(
    database: Database, direct: DirectConnection, statement: str
) -> None:
    async with direct.transaction():
        await direct.execute("lock table app.thing")
        with pytest.raises(Unavailable):
            async with database.transaction() as connection:
                await connection.execute(statement)


async def test_idle_transaction_that_the_server_ended_is_unavailable(database: Database) -> None:
    async def idle() -> None:
        async with database.transaction() as connection:
            await connection.execute("set local idle_in_transaction_session_timeout = 50")
            lost = asyncio.Event()
            connection.add_termination_listener(lambda _: lost.set())
            await asyncio.wait_for(lost.wait(), 5)
            await connection.execute("select 1")

    with pytest.raises(Unavailable):
        await idle()
    assert await database.fetchval("select 1") == 1


async def test_of_two_that_wait_for_each_other_one_is_told_to_come_again(database: Database) -> None:
    first, second = uuid7(), uuid7()
    await database.execute("insert into app.thing values ($1), ($2)", first, second)
    both_hold = asyncio.Barrier(2)

    async def touch(one: UUID, other: UUID) -> None:
        async with database.transaction() as connection:
            await connection.execute("update app.thing set name = 'x' where thing_id = $1", one)
            await both_hold.wait()
            await connection.execute("update app.thing set name = 'y' where thing_id = $1", other)

    ends = await asyncio.gather(touch(first, second), touch(second, first), return_exceptions=True)
    assert [type(end) for end in ends if end is not None] == [Unavailable]


async def test_sessions_that_were_ended_are_replaced(database: Database, direct: DirectConnection) -> None:
    """R5: a lost connection costs one 503 at most, and never another failure."""
    for _ in range(20):
        await asyncio.gather(*(database.fetchval("select 1") for _ in range(5)))
        await direct.execute(f"select pg_terminate_backend(pid) {OTHERS}")
        ends = await asyncio.gather(*(add(database, "x") for _ in range(5)), return_exceptions=True)
        assert {type(end) for end in ends} <= {type(None), Unavailable}
    assert await database.fetchval("select 1") == 1


@pytest.mark.parametrize(
    ("sql", "args", "kind"),
    [
        ("select nonsense", (), asyncpg.UndefinedColumnError),
        ("select $1::int", ("text",), asyncpg.DataError),
        ("select $1::int", (), asyncpg.InterfaceError),
        ("insert into app.thing values (null)", (), asyncpg.NotNullViolationError),
    ],
)
async def test_our_own_mistake_is_not_taken_for_an_outage(
    database: Database, sql: str, args: tuple[object, ...], kind: type[Exception]
) -> None:
    with pytest.raises(kind):
        await database.fetchval(sql, *args)


async def test_failure_does_not_quote_the_row(database: Database) -> None:
    with pytest.raises(asyncpg.NotNullViolationError) as caught:
        await database.execute("insert into app.thing values (null, 'ada@example.org')")
    assert "ada@example.org" not in str(caught.value)


async def test_prepared_statement_that_a_migration_outdated_is_no_failure(
    database: Database, direct: DirectConnection
) -> None:
    """R13: outside of a transaction it is prepared anew, inside the caller is told to come again."""
    await database.fetch("select * from app.thing")
    await direct.execute("alter table app.thing add column more int")
    assert await database.fetch("select * from app.thing") == []
    await direct.execute("alter table app.thing add column most int")
    with pytest.raises(Unavailable):
        async with database.transaction() as connection:
            await connection.fetch("select * from app.thing")
    assert await database.fetch("select * from app.thing") == []


async def test_cancelled_requests_give_their_connections_back(url: str, direct: DirectConnection) -> None:
    """G29: whenever a request is cancelled, no connection leaks and no reply crosses over."""
    async with open_database(settings_for(url, pool_size=3, timeout=5)) as database:

        async def ask(number: int) -> None:
            async with database.transaction() as connection:
                assert await connection.fetchval("select $1::int", number) == number
                await connection.execute("select pg_sleep($1)", random.random() / 100)
                assert await connection.fetchval("select $1::int", -number) == -number

        tasks = [asyncio.create_task(ask(number)) for number in range(200)]
        for task in tasks:
            await asyncio.sleep(random.random() / 100)
            random.choice(tasks).cancel()
            del task
        ends = await asyncio.gather(*tasks, return_exceptions=True)
        assert {type(end) for end in ends} == {type(None), asyncio.CancelledError}
        async with asyncio.timeout(5), database.connection(), database.connection(), database.connection():
            pass
    assert await direct.fetchval("select count(*) from pg_stat_activity where datname = current_database()") == 1


async def test_pool_that_is_still_in_use_is_closed_in_bounded_time(url: str) -> None:
    start = time.monotonic()
    async with open_database(settings_for(url, timeout=TIMEOUT)) as database:
        lent = await database._pool.acquire()
    assert time.monotonic() - start < TIMEOUT + 1
    with pytest.raises(Unavailable):
        await database.fetchval("select 1")
    with pytest.raises(asyncpg.InterfaceError):
        await lent.execute("select 1")


async def test_second_url_is_tried_where_the_first_is_refused_and_only_then(url: str) -> None:
    """While a password changes there are two, in either order, and the server knows one of them."""
    role = url.partition("://")[2].partition(":")[0]
    wrong = url.replace(f"//{role}:", f"//{role}:not", 1)
    nowhere = url.replace(f"//{role}:", f"//{role}:", 1).replace("port=5432", "port=1")
    for urls in (f"{wrong}\n{url}", f"{url}\n{wrong}"):
        connection = await connect(Secret(urls), timeout=5)
        await connection.close()
    with pytest.raises(asyncpg.InvalidPasswordError):
        await connect(Secret(f"{wrong} {wrong}"), timeout=5)
    with pytest.raises(OSError):  # noqa: PT011  whatever the system says to a server that isn't there
        await connect(Secret(f"{nowhere} {url}"), timeout=5)
