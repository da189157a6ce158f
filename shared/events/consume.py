"""Follows another program's feed and applies each event exactly once: the cursor is stored with the effect.

Each follower's schema has the table

    event_cursor (feed text primary key, epoch uuid not null, position bigint not null)
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from prometheus_client import Counter, Gauge

from shared.db import Connection, Database, Db
from shared.events.client import InternalClient
from shared.events.model import Event, ResyncRequired
from shared.ids import LOWEST
from shared.logs import log
from shared.spans.recorder import errand

APPLIED = Counter("events_applied_total", "Events applied, by feed and type.", ("feed", "type"))
LAG_SECONDS = Gauge("event_lag_seconds", "Age of the newest event when it was applied.", ("feed",))


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of ids, `after` < id <= `upto`: of these only `alive` exist at the owner's.

    `data` is what the owner tells of some of them beside that, and nothing of the others.
    """

    after: UUID
    upto: UUID
    alive: list[UUID]
    data: dict[UUID, dict[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cursor:
    """Everything up to `position` of the history that `epoch` names is applied."""

    epoch: UUID
    position: int


Apply = Callable[[Connection, Event], Awaitable[None]]  # ignores the types that it doesn't know
Reconcile = Callable[[Connection, Span], Awaitable[None]]  # makes what is kept of a span's ids agree with `alive`

_NO_EPOCH = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Consumer:
    """Follows `feed`, which `client` reads, for `schema`. `snapshot_path` lists what exists, for a new start.

    `edition` is counted up where `apply` learns of a kind that it used to pass over: with a cursor of its own it begins
    with a snapshot, and the release before follows by the old one beside it.
    """

    feed: str
    schema: str
    snapshot_path: str
    client: InternalClient
    database: Database
    apply: Apply
    reconcile: Reconcile
    edition: int = 1

    @property
    def _name(self) -> str:
        """The cursor's."""
        return self.feed if self.edition == 1 else f"{self.feed}/{self.edition}"

    async def run(self) -> None:
        """Follow the feed for ever. Raises Unavailable when either side is away; run it again then."""
        while True:
            cursor = await self._cursor(self.database)
            try:
                page = await self.client.events(cursor.position, cursor.epoch)
            except ResyncRequired:
                await self._resync(cursor)
                continue
            for event in page.items:
                with errand(f"{self.feed} {event.type}", event.traceparent):
                    await self._take(cursor.epoch, event)

    async def _take(self, epoch: UUID, event: Event) -> None:
        """Apply one event unless another replica has, or has begun a new epoch: they both lock the cursor's row."""
        async with self.database.transaction() as connection:
            moved = await connection.fetchval(
                f"""
                update {self.schema}.event_cursor set position = $3
                where feed = $1 and epoch = $2 and position < $3 returning true
                """,  # noqa: S608  our own schema
                self._name,
                epoch,
                event.position,
            )
            if moved:
                await self.apply(connection, event)
        if moved:
            APPLIED.labels(self.feed, event.type).inc()
            log.info("event_applied", **{"colonnade.feed": self.feed, "colonnade.event": event.type})
            LAG_SECONDS.labels(self.feed).set(_age(event))

    async def _cursor(self, db: Db, lock: str = "") -> Cursor:
        """Return the stored cursor. The first is of no epoch at all, so that the owner will ask for a resync."""
        select = f"select epoch, position from {self.schema}.event_cursor where feed = $1 {lock}"  # noqa: S608  our own schema
        while (row := await db.fetchrow(select, self._name)) is None:
            await db.execute(
                f"insert into {self.schema}.event_cursor values ($1, $2, 0) on conflict do nothing",  # noqa: S608  as above
                self._name,
                _NO_EPOCH,
            )
        return Cursor(**row)

    async def _resync(self, lost: Cursor) -> None:
        """Compare with what exists at the owner's, page by page, then go on from where the comparison began.

        `lost` is the cursor that leads nowhere. When it has changed, another replica has done this and gone on, and
        what we know is older than what it has applied since.
        """
        after = LOWEST
        first = page = await self.client.snapshot(self.snapshot_path, after)
        while True:
            if page.epoch != first.epoch:
                raise ResyncRequired
            upto = min(page.next_after or first.before, first.before)
            alive = [each for each in page.items if each < first.before]
            async with self.database.transaction() as connection:
                if await self._cursor(connection, "for update") != lost:
                    return
                data = {each: page.data[each] for each in alive if each in page.data}
                await self.reconcile(connection, Span(after, upto, alive, data))
            if page.next_after is None or upto == first.before:
                break
            after = page.next_after
            page = await self.client.snapshot(self.snapshot_path, after)
        await self._start_from(Cursor(first.epoch, first.position), lost)

    async def _start_from(self, cursor: Cursor, lost: Cursor) -> None:
        """Replace the cursor, unless another replica already has."""
        await self.database.execute(
            f"""
            update {self.schema}.event_cursor set epoch = $2, position = $3
            where feed = $1 and (epoch, position) = ($4, $5)
            """,  # noqa: S608  our own schema
            self._name,
            cursor.epoch,
            cursor.position,
            lost.epoch,
            lost.position,
        )
        log.info("feed_resynced", **{"colonnade.feed": self.feed, "colonnade.position": cursor.position})


def _age(event: Event) -> float:
    return max(0.0, (datetime.now(UTC) - event.time).total_seconds())
