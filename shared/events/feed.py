"""Serves an owner's events as one ordered feed with long polling."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any
from uuid import UUID

import msgspec
from aiohttp import web
from asyncpg import Record

from shared.db import Connection, Database, connect
from shared.events.model import EVENTS_PATH, Event, FeedPage, FeedQuery, ResyncRequired, SnapshotPage, SnapshotQuery
from shared.events.publish import channel
from shared.lifecycle import Lifecycle, background
from shared.settings import DatabaseSettings
from shared.web.routes import Auth, Route

_FALLBACK_SECONDS = 1.0  # how often a waiting reader looks by itself, should LISTEN be broken
_STOPPING_SECONDS = 0.1
_SNAPSHOT_MARGIN = 60.0  # seconds; longer than any transaction lives


class Feed:
    """Reads `schema`'s events; `listen` wakes those who wait for more."""

    def __init__(self, schema: str, database: Database, lifecycle: Lifecycle) -> None:
        self._schema = schema
        self._database = database
        self._lifecycle = lifecycle
        self._news = asyncio.Event()

    async def page(self, query: FeedQuery) -> FeedPage:
        """Return what is behind `query.after`, waiting up to `query.wait` seconds. Raises ResyncRequired.

        A stopping program makes nobody wait long, but for a moment each: they ask again at once.
        """
        started = time.monotonic()
        while True:
            news = self._news
            async with self._database.connection() as connection:
                items = await self._read(connection, query)
                await self._check(connection, query)  # afterwards: what was purged between the two counts as missed
            wait = min(query.wait, _STOPPING_SECONDS) if self._lifecycle.stopping else query.wait
            left = started + wait - time.monotonic()
            if items or left <= 0:
                return FeedPage(query.epoch, items)
            await _wait(news, min(left, _FALLBACK_SECONDS))

    async def position(self, connection: Connection) -> tuple[UUID, int]:
        """Return the epoch and the newest position that `connection`'s snapshot sees."""
        row = await connection.fetchrow(
            f"""
            select epoch, greatest(horizon, (select max(id) from {self._schema}.event)) as position
            from {self._schema}.event_epoch
            """  # noqa: S608  our own schema
        )
        assert row is not None  # the migration wrote it
        return row["epoch"], row["position"]

    async def snapshot(self, query: SnapshotQuery, select_ids: str) -> SnapshotPage:
        """Return a page of ids. `select_ids` lists them in order by $1 after, $2 before, $3 limit.

        Its second column, if it has one, is what there is to know of an id, as a JSON object, or null.
        An event's time is its transaction's start, and one that began earlier may get the later position. Therefore
        the position lies a whole margin before `before`: all that happened to ids from there on comes behind it.
        """
        before = _floor(time.time() - _SNAPSHOT_MARGIN)
        async with self._database.transaction() as connection:
            row = await connection.fetchrow(
                f"""
                select epoch, greatest(horizon, (
                    select max(id) from {self._schema}.event where time < now() - make_interval(secs => $1)
                )) as position
                from {self._schema}.event_epoch
                """,  # noqa: S608  our own schema
                2 * _SNAPSHOT_MARGIN,
            )
            found = await connection.fetch(select_ids, query.after, before, query.limit)
        assert row is not None  # the migration wrote it
        ids = [each[0] for each in found]
        more = len(ids) == query.limit
        return SnapshotPage(row["epoch"], row["position"], before, ids, ids[-1] if more else None, _data(found))

    def wake(self) -> None:
        """Let everyone who waits look again."""
        news, self._news = self._news, asyncio.Event()
        news.set()

    async def _check(self, connection: Connection, query: FeedQuery) -> None:
        known = await connection.fetchval(
            f"""
            select true from {self._schema}.event_epoch
            where epoch = $1 and $2 between horizon and greatest(horizon, (select max(id) from {self._schema}.event))
            """,  # noqa: S608  our own schema
            query.epoch,
            query.after,
        )
        if not known:
            raise ResyncRequired

    async def _read(self, connection: Connection, query: FeedQuery) -> list[Event]:
        rows = await connection.fetch(
            f"""
            select id, event_id, type, subject, time, data, traceparent from {self._schema}.event
            where id > $1 order by id limit $2
            """,  # noqa: S608  our own schema
            query.after,
            query.limit,
        )
        return [_event(row) for row in rows]


def _event(row: Record) -> Event:
    data = msgspec.json.decode(row["data"], type=dict)
    return Event(row["id"], row["event_id"], row["type"], row["subject"], row["time"], data, row["traceparent"])


def _data(found: Sequence[Record]) -> dict[UUID, dict[str, Any]]:
    return {row[0]: msgspec.json.decode(row[1], type=dict) for row in found if len(row) > 1 and row[1] is not None}


async def _wait(news: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await news.wait()
    except TimeoutError:
        pass


def _floor(seconds: float) -> UUID:
    """Return the smallest UUIDv7 of a time, given in seconds since 1970."""
    return UUID(int=(int(seconds * 1000) << 80) | (0x7 << 76) | (0x2 << 62))


FEED = web.AppKey("feed", Feed)


async def read_events(request: web.Request, query: FeedQuery) -> FeedPage:
    """Follow the events in order, from a position on."""
    return await request.app[FEED].page(query)


FEED_ROUTE = Route("GET", EVENTS_PATH, read_events, Auth.SERVICE, errors=(ResyncRequired,))


@asynccontextmanager
async def open_feed(
    schema: str, database: Database, settings: DatabaseSettings, lifecycle: Lifecycle
) -> AsyncIterator[Feed]:
    """Serve the feed, woken by NOTIFY over a direct connection and, while that is away, by looking every second."""
    feed = Feed(schema, database, lifecycle)

    async def listen() -> None:
        connection = await connect(settings.direct_url, timeout=settings.timeout, command_timeout=settings.timeout)
        try:
            lost = asyncio.Event()
            connection.add_termination_listener(lambda _connection: lost.set())
            await connection.add_listener(channel(schema), lambda *_notification: feed.wake())
            await lost.wait()
            raise ConnectionError("the listening connection was lost")
        finally:
            connection.terminate()

    async def wake_on_stop() -> None:
        await lifecycle.stop()
        feed.wake()

    async with AsyncExitStack() as stack:
        await stack.enter_async_context(background("listen for events", listen))
        await stack.enter_async_context(background("release waiting readers", wake_on_stop))
        yield feed
