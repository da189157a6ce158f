"""An owner's events: in order for everybody, told at once, and never silently missed."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from shared.db import Connection, Database, DirectConnection, open_database
from shared.errors import Unavailable
from shared.events import feed as module
from shared.events.feed import Feed
from shared.events.model import Event, FeedQuery, ResyncRequired, SnapshotQuery
from shared.events.publish import NewEvent, publish
from shared.identity import ANONYMOUS
from shared.lifecycle import Lifecycle
from shared.purge import purge, purge_events
from tests.integration.shared.feeds import (
    LISTENERS,
    SELECT_IDS,
    add_things,
    epoch_of,
    id_at,
    query,
    readers_wait,
    running_feed,
    served_feed,
    tell,
)
from tests.integration.shared.tables import SCHEMA, settings_for
from tests.unit.shared.forging import AUDIENCE, gateway
from tests.waiting import eventually


@pytest.fixture
async def feed(database: Database, url: str) -> AsyncIterator[Feed]:
    async with running_feed(database, url) as running:
        yield running


def subjects(items: list[Event]) -> list[str]:
    return [event.subject for event in items]


async def test_events_are_told_in_order_from_a_position_on(database: Database, feed: Feed) -> None:
    await tell(database, "a", "b")
    await tell(database, "c")
    whole = (await feed.page(await query(database))).items
    assert subjects(whole) == ["a", "b", "c"]
    assert whole[0].data == {"n": 1}
    assert len({event.id for event in whole}) == 3
    first = await feed.page(await query(database, limit=2))
    rest = await feed.page(await query(database, after=first.items[-1].position))
    assert subjects(first.items) + subjects(rest.items) == ["a", "b", "c"]


async def test_event_is_told_if_and_only_if_its_change_is_kept(database: Database, feed: Feed) -> None:
    with pytest.raises(ValueError, match="changed my mind"):
        await publish_and_fail(database)
    await tell(database, "kept")
    async with database.transaction() as connection:
        await publish(connection, SCHEMA, [])
    assert subjects((await feed.page(await query(database))).items) == ["kept"]


async def publish_and_fail(database: Database) -> None:
    async with database.transaction() as connection:
        await publish(connection, SCHEMA, [NewEvent("thing_made", "lost")])
        raise ValueError("changed my mind")


@pytest.mark.parametrize("seed", range(3))
async def test_no_reader_ever_skips_an_event_of_twenty_publishers_at_once(url: str, seed: int) -> None:
    """The order of positions is the order of commits, whoever is slow between the two."""
    chance = random.Random(seed)
    over = asyncio.Event()

    async def publish_some(database: Database) -> None:
        for number in range(10):
            try:
                async with database.transaction() as connection:
                    await connection.execute("select 1")
                    await publish(connection, SCHEMA, [NewEvent("t", str(number))] * chance.randint(1, 3))
                    await asyncio.sleep(chance.random() / 200)
                    if chance.random() < 0.2:
                        raise ConnectionError("rolled back")
            except Unavailable:
                continue

    async def read(feed: Feed, start: FeedQuery) -> list[int]:
        seen: list[int] = []
        while True:
            last_look = over.is_set()
            after = seen[-1] if seen else 0
            page = await feed.page(FeedQuery(after, start.epoch, limit=chance.randint(1, 20), wait=0.02))
            seen += [event.position for event in page.items]
            if last_look and not page.items:
                return seen

    async with open_database(settings_for(url, pool_size=30)) as database, running_feed(database, url) as feed:
        start = await query(database)
        readers = [asyncio.create_task(read(feed, start)) for _ in range(3)]
        await asyncio.gather(*(publish_some(database) for _ in range(20)))
        over.set()
        written = [row["id"] for row in await database.fetch("select id from app.event order by id")]
        assert len(written) > 200
        for seen in await asyncio.gather(*readers):
            assert seen == written


async def test_waiting_reader_is_woken_at_once(database: Database, feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_FALLBACK_SECONDS", 60.0)
    waiting = [asyncio.create_task(feed.page(await query(database, wait=30))) for _ in range(3)]
    await readers_wait(feed, 3)
    await tell(database, "news")
    pages = await asyncio.wait_for(asyncio.gather(*waiting), 20)  # long before they would look by themselves
    assert [subjects(page.items) for page in pages] == [["news"]] * 3


async def test_reader_who_waits_in_vain_gets_an_empty_page_in_time(database: Database, feed: Feed) -> None:
    start = time.monotonic()
    assert (await feed.page(await query(database, wait=0.2))).items == []
    assert 0.19 <= time.monotonic() - start < 2


async def test_waiting_readers_hold_no_connection(url: str) -> None:
    async with open_database(settings_for(url, pool_size=1)) as database, running_feed(database, url) as feed:
        waiting = [asyncio.create_task(feed.page(await query(database, wait=30))) for _ in range(20)]
        await asyncio.wait_for(database.fetchval("select 1"), 5)
        await tell(database, "news")
        await asyncio.wait_for(asyncio.gather(*waiting), 5)


async def test_lost_listener_comes_back_and_wakes_readers_again(
    database: Database, feed: Feed, direct: DirectConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_FALLBACK_SECONDS", 60.0)
    lost = await direct.fetchval(f"select pid {LISTENERS}")
    await direct.execute("select pg_terminate_backend($1)", lost)

    async def listening() -> bool:
        return bool(await direct.fetchval(f"select true {LISTENERS} and pid <> $1", lost))

    await eventually(listening)
    waiting = asyncio.create_task(feed.page(await query(database, wait=30)))
    await readers_wait(feed)
    await tell(database, "news")
    assert subjects((await asyncio.wait_for(waiting, 5)).items) == ["news"]


async def test_reader_looks_by_itself_while_nothing_listens(database: Database) -> None:
    deaf = Feed(SCHEMA, database, Lifecycle())
    waiting = asyncio.create_task(deaf.page(await query(database, wait=30)))
    await readers_wait(deaf)
    await tell(database, "news")
    assert subjects((await asyncio.wait_for(waiting, 5)).items) == ["news"]


async def test_stopping_program_releases_its_readers(database: Database, url: str) -> None:
    """R2: a long poll doesn't hold the stop up."""
    lifecycle = Lifecycle()
    async with module.open_feed(SCHEMA, database, settings_for(url), lifecycle) as feed:
        waiting = asyncio.create_task(feed.page(await query(database, wait=30)))
        await readers_wait(feed)
        lifecycle.begin_stop()
        assert (await asyncio.wait_for(waiting, 1)).items == []


async def make_old(database: Database, upto: int) -> None:
    await database.execute("update app.event set time = now() - interval '31 days' where id <= $1", upto)


async def test_position_that_the_feed_does_not_know_needs_a_resync(database: Database, feed: Feed) -> None:
    await tell(database, "a", "b", "c")
    await make_old(database, 2)
    await purge(database, [purge_events(SCHEMA)])
    for bad in (
        FeedQuery(3, uuid4()),  # of another history
        await query(database, after=1),  # behind the horizon
        await query(database, after=0),
        await query(database, after=4),  # ahead of everything: the owner was restored
    ):
        with pytest.raises(ResyncRequired):
            await feed.page(bad)
    assert subjects((await feed.page(await query(database, after=2))).items) == ["c"]
    assert (await feed.page(await query(database, after=3))).items == []


async def test_reader_at_the_end_goes_on_when_everything_is_purged(database: Database, feed: Feed) -> None:
    await tell(database, "a", "b")
    await make_old(database, 2)
    await purge(database, [purge_events(SCHEMA)])
    assert (await feed.page(await query(database, after=2))).items == []
    async with database.connection() as connection:
        assert await feed.position(connection) == (await epoch_of(database), 2)


async def test_reader_whose_events_are_purged_while_it_reads_is_told(
    database: Database, feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    await tell(database, "a", "b", "c")
    await make_old(database, 2)
    steps: list[str] = []

    def purging_after(step: str) -> None:
        """Let the purge run when the first of the page's two looks is over."""
        original = getattr(feed, step)

        async def wrapped(connection: Connection, asked: FeedQuery) -> object:
            found = await original(connection, asked)
            if not steps:
                await purge(database, [purge_events(SCHEMA)])
            steps.append(step)
            return found

        monkeypatch.setattr(feed, step, wrapped)

    purging_after("_read")
    purging_after("_check")
    with pytest.raises(ResyncRequired):
        await feed.page(await query(database))
    assert len(steps) <= 2


async def test_feed_is_for_our_programs_alone(database: Database, feed: Feed) -> None:
    await tell(database, "a")
    async with served_feed(feed) as client:
        page = await client.events(0, await epoch_of(database), wait=0)
        assert subjects(page.items) == ["a"]
        with pytest.raises(ResyncRequired):
            await client.events(0, uuid4())
        headers = {"X-Identity": gateway().sign(ANONYMOUS, AUDIENCE)}
        async with client._session.get(f"{client._base_url}/internal/events", headers=headers) as refused:
            assert refused.status == 403


@pytest.mark.parametrize(
    "bad",
    ["after=-1", f"after={2**63}", "after=x", "after=0&after=0", "after=0&wait=31", "after=0&wait=nan", "x=1", ""],
)
async def test_malformed_question_is_refused(database: Database, feed: Feed, bad: str) -> None:
    async with served_feed(feed) as client:
        headers = {"X-Identity": client._signer.sign_self(AUDIENCE)}
        path = f"{client._base_url}/internal/events?epoch={await epoch_of(database)}&{bad}"
        async with client._session.get(path, headers=headers) as refused:
            assert refused.status == 400


async def test_snapshot_lists_what_exists_up_to_its_time_in_pages(
    database: Database, feed: Feed, direct: DirectConnection
) -> None:
    now = int(time.time() * 1000)
    old = sorted(id_at(now - 3_600_000 - number) for number in range(5))
    await add_things(direct, [*old, id_at(now)])
    page = await feed.snapshot(SnapshotQuery(limit=2), SELECT_IDS)
    listed = page.items
    while page.next_after is not None:
        page = await feed.snapshot(SnapshotQuery(after=page.next_after, limit=2), SELECT_IDS)
        listed += page.items
    assert listed == old
    assert page.before < id_at(now)


async def test_snapshot_tells_what_there_is_to_know_of_some(
    database: Database, feed: Feed, direct: DirectConnection
) -> None:
    now = int(time.time() * 1000)
    first, second = sorted(id_at(now - 3_600_000 - number) for number in range(2))
    await add_things(direct, [first, second])
    select = f"""
        select thing_id, case when thing_id = '{second}' then jsonb_build_object('n', 1) end from app.thing
        where thing_id > $1 and thing_id < $2 order by thing_id limit $3
    """
    page = await feed.snapshot(SnapshotQuery(), select)
    assert (page.items, page.data) == ([first, second], {second: {"n": 1}})
    assert (await feed.snapshot(SnapshotQuery(), SELECT_IDS)).data == {}


async def test_snapshots_position_leaves_young_events_to_the_feed(database: Database, feed: Feed) -> None:
    await tell(database, "old")
    await database.execute("update app.event set time = now() - interval '1 hour'")
    await tell(database, "young")
    page = await feed.snapshot(SnapshotQuery(), SELECT_IDS)
    assert page.position == 1
    assert subjects((await feed.page(await query(database, after=page.position))).items) == ["young"]
