"""R5, R6: PostgreSQL is killed, or freezes. Meanwhile all is Unavailable, in bounded time; then all is well."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sized
from contextlib import suppress
from functools import partial

import pytest
from msgspec.structs import replace

from shared.db import Database, open_database
from shared.errors import Unavailable
from shared.events import feed as feed_module
from shared.ids import uuid7
from tests.integration.shared.feeds import LISTENERS, query, readers_wait, running_feed, tell
from tests.integration.shared.own_postgres import OwnPostgres, own_postgres
from tests.integration.shared.tables import connected, fresh_tables, settings_for
from tests.waiting import eventually

TIMEOUT = 0.5


@pytest.fixture(scope="module")
async def postgres() -> AsyncIterator[OwnPostgres]:
    async with own_postgres() as running:
        yield running


@pytest.fixture
async def url(postgres: OwnPostgres) -> AsyncIterator[str]:
    await eventually(postgres.serves)
    async with fresh_tables(postgres.url) as made:
        yield made


async def answers(database: Database) -> bool:
    try:
        return bool(await database.fetchval("select true"))
    except Unavailable:
        return False


async def more_than(acknowledged: Sized, count: int) -> bool:
    return len(acknowledged) > count


async def answers_within(database: Database) -> bool:
    try:
        async with database.transaction() as connection:
            return bool(await connection.fetchval("select true"))
    except Unavailable:
        return False


async def test_pool_recovers_from_a_killed_server_and_keeps_what_it_acknowledged(
    postgres: OwnPostgres, url: str
) -> None:
    """R5: kill -9 PostgreSQL."""
    acknowledged = set()
    failures: list[BaseException] = []
    over = asyncio.Event()

    async def keep_writing(database: Database) -> None:
        while not over.is_set():
            thing = uuid7()
            try:
                async with database.transaction() as connection:
                    await connection.execute("insert into app.thing values ($1)", thing)
                acknowledged.add(thing)
            except Exception as exc:  # noqa: BLE001  every kind is looked at below
                failures.append(exc)
                await asyncio.sleep(0.01)

    async with open_database(settings_for(url, timeout=TIMEOUT)) as database:
        writers = [asyncio.create_task(keep_writing(database)) for _ in range(8)]
        for _ in range(2):
            await eventually(partial(more_than, acknowledged, len(acknowledged) + 100))
            postgres.kill()
        await eventually(partial(more_than, acknowledged, len(acknowledged) + 100))
        over.set()
        await asyncio.gather(*writers)

    assert {type(failure) for failure in failures} == {Unavailable}
    async with connected(url) as connection:
        assert acknowledged <= {row["thing_id"] for row in await connection.fetch("select thing_id from app.thing")}


@pytest.mark.parametrize("inside", [False, True], ids=["a query", "a transaction"])
async def test_frozen_server_is_unavailable_in_bounded_time(postgres: OwnPostgres, url: str, *, inside: bool) -> None:
    """R6: SIGSTOP."""

    async def ask(database: Database) -> float:
        start = time.monotonic()
        assert not await (answers_within(database) if inside else answers(database))
        return time.monotonic() - start

    async with open_database(settings_for(url, pool_size=2, timeout=TIMEOUT)) as database:
        await asyncio.gather(answers(database), answers(database))
        with postgres.stopped():
            took = await asyncio.gather(*(ask(database) for _ in range(6)))
        assert max(took) < 4 * TIMEOUT
        await eventually(lambda: answers(database))


async def freezes_amid(database: Database, freeze: Callable[[], None]) -> float:
    """Freeze the server within a transaction, and return when."""
    start = 0.0
    with suppress(Unavailable):
        async with database.transaction() as connection:
            await connection.execute("select 1")
            start = time.monotonic()
            freeze()
            await connection.execute("select 1")
            pytest.fail("a frozen server answered")
    return start


async def test_server_that_freezes_within_a_transaction_is_given_up_in_bounded_time(
    postgres: OwnPostgres, url: str
) -> None:
    async with open_database(settings_for(url, pool_size=2, timeout=TIMEOUT)) as database:
        with postgres.thawed_later() as freeze:
            start = await freezes_amid(database, freeze)
            assert time.monotonic() - start < 4 * TIMEOUT
        await eventually(lambda: answers(database))


async def test_cancelling_a_request_to_a_frozen_server_takes_bounded_time(postgres: OwnPostgres, url: str) -> None:
    async with open_database(settings_for(url, pool_size=2, timeout=TIMEOUT)) as database:
        await answers(database)
        with postgres.stopped():
            task = asyncio.create_task(database.fetchval("select 1"))
            await asyncio.sleep(0)
            task.cancel()
            done, _ = await asyncio.wait({task}, timeout=4 * TIMEOUT)
            assert done
        await eventually(lambda: answers(database))


async def test_pool_opens_while_the_server_is_away(postgres: OwnPostgres, url: str) -> None:
    with postgres.stopped():
        async with open_database(settings_for(url, timeout=TIMEOUT)) as database:
            assert not await answers(database)
    async with open_database(settings_for(url, timeout=TIMEOUT)) as database:
        await eventually(lambda: answers(database))


async def test_feed_tells_events_again_after_its_server_was_killed(
    postgres: OwnPostgres, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R5: the listener comes back by itself, and a reader that waits meanwhile gets Unavailable or the news."""
    monkeypatch.setattr(feed_module, "_FALLBACK_SECONDS", 60.0)
    async with open_database(settings_for(url, timeout=TIMEOUT)) as database, running_feed(database, url) as feed:
        start = await query(database, wait=30)
        await tell(database, "before")
        postgres.kill()
        await eventually(postgres.serves)
        await eventually(lambda: answers(database))

        async def listening() -> bool:
            return bool(await database.fetchval(f"select true {LISTENERS}"))

        await eventually(listening)
        assert [event.subject for event in (await feed.page(start)).items] == ["before"]
        waiting = asyncio.create_task(feed.page(replace(start, after=1)))
        await readers_wait(feed)
        await tell(database, "after")
        assert [event.subject for event in (await asyncio.wait_for(waiting, 5)).items] == ["after"]
