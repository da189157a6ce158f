"""An owner of events over real sockets, and followers of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

from shared.db import Connection, Database, DirectConnection
from shared.events.client import InternalClient
from shared.events.consume import Consumer, Span
from shared.events.feed import FEED, FEED_ROUTE, Feed, open_feed
from shared.events.model import Event, FeedQuery, SnapshotPage, SnapshotQuery
from shared.events.publish import NewEvent, publish
from shared.identity import Signer, Verifier
from shared.ids import uuid7
from shared.lifecycle import Lifecycle
from shared.web.app import private_app
from shared.web.routes import Auth, Route
from tests.integration.shared.tables import SCHEMA, settings_for
from tests.unit.shared.forging import AUDIENCE, SERVICE, TRUST
from tests.waiting import eventually

SNAPSHOT = "/internal/things"
SELECT_IDS = """
    select thing_id from app.thing where thing_id > $1 and thing_id < $2 order by thing_id limit $3
"""


async def list_ids(request: web.Request, query: SnapshotQuery) -> SnapshotPage:
    return await request.app[FEED].snapshot(query, SELECT_IDS)


@asynccontextmanager
async def running_feed(database: Database, url: str) -> AsyncIterator[Feed]:
    """Open a feed that listens already."""
    async with open_feed(SCHEMA, database, settings_for(url), Lifecycle()) as feed:

        async def listening() -> bool:
            return bool(await database.fetchval(f"select true {LISTENERS}"))

        await eventually(listening)
        yield feed


async def readers_wait(feed: Feed, count: int = 1) -> None:
    """Return when so many readers have found nothing and wait for news."""

    async def waiting() -> bool:
        return len(feed._news._waiters) == count  # nothing public tells

    await eventually(waiting)


LISTENERS = "from pg_stat_activity where datname = current_database() and query like 'LISTEN%'"


@asynccontextmanager
async def served_feed(feed: Feed) -> AsyncIterator[InternalClient]:
    """Serve the feed and its snapshot on a private port, and yield a client of it."""
    routes = (FEED_ROUTE, Route("GET", SNAPSHOT, list_ids, Auth.SERVICE))
    app = private_app(routes, Verifier(TRUST, AUDIENCE), {}, Lifecycle())
    app[FEED] = feed
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        base = str(server.make_url("")).rstrip("/")
        yield InternalClient(session, Signer("file_service", SERVICE), base, AUDIENCE)


async def tell(database: Database, *subjects: str) -> None:
    """Publish one event for each subject, in one transaction."""
    async with database.transaction() as connection:
        await publish(connection, SCHEMA, [NewEvent("thing_made", subject, {"n": 1}) for subject in subjects])


async def epoch_of(database: Database) -> UUID:
    return UUID(str(await database.fetchval("select epoch from app.event_epoch")))


async def query(database: Database, after: int = 0, **values: Any) -> FeedQuery:
    return FeedQuery(after=after, epoch=await epoch_of(database), **values)


@dataclass
class Follower:
    """Notes what it applies, and keeps `app.thing` of its own database like the owner's."""

    number: int
    client: InternalClient
    database: Database
    spans: list[Span]
    failures: int = 0  # how many of the next events fail after their effect was written

    @property
    def consumer(self) -> Consumer:
        return Consumer("things", SCHEMA, SNAPSHOT, self.client, self.database, self.apply, self.reconcile)

    async def apply(self, connection: Connection, event: Event) -> None:
        await connection.execute("insert into app.applied values ($1, $2, $3)", event.position, event.id, self.number)
        await asyncio.sleep(0)
        if self.failures:
            self.failures -= 1
            raise ConnectionError("crashed after the effect")

    async def reconcile(self, connection: Connection, span: Span) -> None:
        self.spans.append(span)
        await connection.execute(
            "delete from app.thing where thing_id > $1 and thing_id <= $2 and thing_id <> all ($3::uuid[])",
            span.after, span.upto, span.alive,
        )  # fmt: skip


async def add_things(connection: DirectConnection | Connection, ids: list[UUID]) -> None:
    await connection.executemany("insert into app.thing values ($1)", [(each,) for each in ids])


def id_at(milliseconds: int) -> UUID:
    """Return a row id made at that time."""
    return UUID(int=(milliseconds << 80) | (uuid7().int & ((1 << 80) - 1)))
