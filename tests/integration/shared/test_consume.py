"""Following a feed: every event applied exactly once, whatever crashes, and a resync that takes only what is gone."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from shared.db import Database, DirectConnection, open_database
from shared.errors import Unavailable
from shared.events.client import InternalClient
from shared.events.consume import Cursor
from shared.purge import purge, purge_events
from tests.integration.shared.feeds import Follower, add_things, id_at, running_feed, served_feed, tell
from tests.integration.shared.tables import SCHEMA, connected, fresh_tables, settings_for
from tests.stores import StoreUrls
from tests.waiting import eventually

HOUR = 3_600_000


@pytest.fixture
async def client(database: Database, url: str) -> AsyncIterator[InternalClient]:
    """Asks the owner, which is served from the first database."""
    async with running_feed(database, url) as feed, served_feed(feed) as asking:
        yield asking


@pytest.fixture
async def follower_url(stores: StoreUrls) -> AsyncIterator[str]:
    async with fresh_tables(stores.postgres) as made:
        yield made


@pytest.fixture
async def kept(follower_url: str) -> AsyncIterator[DirectConnection]:
    """What the followers keep."""
    async with connected(follower_url) as connection:
        yield connection


@pytest.fixture
async def follower(client: InternalClient, follower_url: str) -> AsyncIterator[Follower]:
    async with open_database(settings_for(follower_url)) as own:
        yield Follower(1, client, own, [])


async def positions(connection: DirectConnection) -> list[int]:
    return [row["position"] for row in await connection.fetch("select position from app.applied order by position")]


async def follow_until(follower: Follower, position: int, kept: DirectConnection) -> None:
    """Run the follower, again after each failure, until it has come so far."""

    async def run() -> None:
        while True:
            with suppress(Unavailable):
                await follower.consumer.run()

    async def there() -> bool:
        return bool(await kept.fetchval("select position >= $1 from app.event_cursor", position))

    task = asyncio.create_task(run())
    try:
        await eventually(there)
    finally:
        task.cancel()
        await asyncio.wait({task})


async def start_at(kept: DirectConnection, owner: Database, position: int = 0) -> None:
    epoch = await owner.fetchval("select epoch from app.event_epoch")
    await kept.execute("insert into app.event_cursor values ('things', $1, $2)", epoch, position)


async def test_events_are_applied_in_order(database: Database, follower: Follower, kept: DirectConnection) -> None:
    await start_at(kept, database)
    await tell(database, "a", "b")
    await tell(database, "c")
    await follow_until(follower, 3, kept)
    rows = await kept.fetch("select position, event_id from app.applied")
    assert [row["position"] for row in rows] == [1, 2, 3]
    assert {row["event_id"] for row in rows} == {
        row[0] for row in await database.fetch("select event_id from app.event")
    }


async def test_event_that_fails_leaves_nothing_and_is_tried_again(
    database: Database, follower: Follower, kept: DirectConnection
) -> None:
    await start_at(kept, database)
    follower.failures = 3
    await tell(database, "a", "b")
    await follow_until(follower, 2, kept)
    assert await positions(kept) == [1, 2]


@pytest.mark.parametrize("seed", range(3))
async def test_two_replicas_that_keep_crashing_apply_each_event_exactly_once(
    database: Database, client: InternalClient, follower_url: str, kept: DirectConnection, seed: int
) -> None:
    chance = random.Random(seed)
    await start_at(kept, database)
    over = asyncio.Event()

    async def replica(number: int, own: Database) -> None:
        """Live short lives, each ended at any point."""
        while not over.is_set():
            follower = Follower(number, client, own, [], failures=chance.randint(0, 1))
            with suppress(Unavailable, TimeoutError):
                async with asyncio.timeout(chance.random() / 10):
                    await follower.consumer.run()

    async def caught_up() -> bool:
        return bool(await kept.fetchval("select position = 120 from app.event_cursor"))

    async with AsyncExitStack() as stack:
        own = [
            await stack.enter_async_context(open_database(settings_for(follower_url, pool_size=3))) for _ in range(2)
        ]
        replicas = [asyncio.create_task(replica(number, each)) for number, each in enumerate(own)]
        for _ in range(60):
            await tell(database, "a", "b")
        await eventually(caught_up, within=30)
        over.set()
        await asyncio.gather(*replicas)
    assert await positions(kept) == list(range(1, 121))


async def existing(connection: DirectConnection) -> set[UUID]:
    return {row["thing_id"] for row in await connection.fetch("select thing_id from app.thing")}


@pytest.mark.parametrize(
    "reason", ["first start", "new epoch", "behind the horizon", "ahead of the owner"]
)  # fmt: skip
async def test_resync_takes_exactly_what_no_longer_exists_and_never_a_newer_one(
    database: Database, direct: DirectConnection, follower: Follower, kept: DirectConnection, reason: str
) -> None:
    now = int(time.time() * 1000)
    alive = [id_at(now - HOUR - number * 1000) for number in range(2500)]
    gone = [id_at(now - HOUR - number * 1000) for number in range(0, 2500, 7)]
    young = [id_at(now - 1000), id_at(now + 1000)]  # not in any snapshot yet: the feed will tell of them
    await add_things(direct, [*alive, young[0]])
    await add_things(kept, [*alive[::2], *gone, *young])
    await tell(database, "old", "older")
    await database.execute("update app.event set time = now() - interval '31 days'")
    if reason == "new epoch":
        await kept.execute("insert into app.event_cursor values ('things', $1, 1)", uuid4())
    elif reason == "behind the horizon":
        await start_at(kept, database, 1)
        await purge(database, [purge_events(SCHEMA)])
    elif reason == "ahead of the owner":
        await start_at(kept, database, 77)
    await tell(database, "new")

    await follow_until_at(follower, 3, kept)

    assert await existing(kept) == {*alive[::2], *young}
    assert await positions(kept) == [3]
    assert [each for span in follower.spans for each in span.alive] == sorted(alive)
    assert len(follower.spans) == 3
    for before, after in zip(follower.spans, follower.spans[1:], strict=False):
        assert before.upto == after.after


async def follow_until_at(follower: Follower, position: int, kept: DirectConnection) -> None:
    """Run the follower until its cursor is exactly there, from whichever side it comes."""
    task = asyncio.create_task(follower.consumer.run())

    async def there() -> bool:
        return bool(await kept.fetchval("select position = $1 from app.event_cursor", position))

    try:
        await eventually(there)
    finally:
        task.cancel()
        await asyncio.wait({task})


async def test_resync_that_another_replica_has_finished_changes_nothing(
    database: Database, follower: Follower, kept: DirectConnection
) -> None:
    """What it knows is older than what the other has applied since."""
    epoch = await database.fetchval("select epoch from app.event_epoch")
    await kept.execute("insert into app.event_cursor values ('things', $1, 5)", epoch)
    await follower.consumer._resync(Cursor(uuid4(), 3))
    assert await kept.fetchval("select position from app.event_cursor") == 5
    assert follower.spans == []
    await follower.consumer._start_from(Cursor(epoch, 1), Cursor(epoch, 4))
    assert await kept.fetchval("select position from app.event_cursor") == 5


async def test_follower_that_learned_more_begins_anew_and_leaves_the_older_ones_place_alone(
    database: Database, direct: DirectConnection, follower: Follower, kept: DirectConnection
) -> None:
    """R1: the release before goes on beside it, and has passed over what this one wants to know."""
    old = id_at(int(time.time() * 1000) - HOUR)
    await add_things(direct, [old])
    await tell(database, "a", "b")
    await start_at(kept, database, 2)
    task = asyncio.create_task(replace(follower.consumer, edition=2).run())

    async def there() -> bool:
        return bool(await kept.fetchval("select true from app.event_cursor where feed = 'things/2' and position = 2"))

    await eventually(there)
    task.cancel()
    await asyncio.wait({task})
    assert [span.alive for span in follower.spans] == [[old]]
    assert await positions(kept) == [1, 2]
    assert await kept.fetchval("select position from app.event_cursor where feed = 'things'") == 2


async def test_two_replicas_that_start_at_once_apply_each_event_once(
    database: Database, client: InternalClient, follower_url: str, kept: DirectConnection
) -> None:
    await tell(database, "a", "b", "c")
    async with AsyncExitStack() as stack:
        tasks = []
        for number in range(3):
            own = await stack.enter_async_context(open_database(settings_for(follower_url, pool_size=2)))
            tasks.append(asyncio.create_task(Follower(number, client, own, []).consumer.run()))

        async def caught_up() -> bool:
            return bool(await kept.fetchval("select position = 3 from app.event_cursor"))

        await eventually(caught_up)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    assert await positions(kept) == [1, 2, 3]


async def test_owner_that_is_away_or_talks_nonsense_is_unavailable(
    client: InternalClient, follower: Follower, kept: DirectConnection, database: Database
) -> None:
    await start_at(kept, database)
    base = client._base_url
    for place in ("http://127.0.0.1:1", f"{base}/nowhere"):
        client._base_url = place
        with pytest.raises(Unavailable):
            await follower.consumer.run()
    client._base_url = base
