"""A stand-in for auth_service's private port: the feed and the snapshot of accounts that others follow."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import msgspec
from aiohttp import web

from shared.events.model import Event, FeedPage, SnapshotPage
from shared.identity import HEADER, Kind, Verifier
from shared.ids import uuid7
from tests.waiting import eventually


class AccountsFeed:
    """Serves `follower` alone. `tell` appends an event; the snapshot lists those `alive` below `before`, in pages.

    `bans` are those that hold, each with its end.
    """

    def __init__(self, verifier: Verifier, follower: str) -> None:
        self._verifier = verifier
        self._follower = follower
        self._news = asyncio.Event()
        self.epoch = uuid4()
        self.events: list[Event] = []
        self.alive: set[UUID] = set()
        self.bans: dict[UUID, datetime | None] = {}
        self.before = UUID(int=2**128 - 1)
        self.page_size = 1000
        self._waiting_at: tuple[UUID, int] | None = None

    def tell(self, kind: str, subject: UUID, **data: Any) -> None:
        position = len(self.events) + 1
        self.events.append(Event(position, uuid7(), kind, str(subject), datetime.now(UTC), data))
        if kind == "user_registered":
            self.alive.add(subject)
        if kind == "user_deleted":
            self.alive.discard(subject)
        self._wake()

    async def ban(self, subject: UUID, until: datetime | None = None) -> None:
        """Tell it, and wait until the follower knows."""
        self.bans[subject] = until
        self.tell("user_banned", subject, until=_told(until))
        await self.caught_up()

    async def unban(self, subject: UUID) -> None:
        del self.bans[subject]
        self.tell("user_unbanned", subject)
        await self.caught_up()

    def restore(self) -> None:
        """Begin a new history, as a restored database does."""
        self.epoch, self.events = uuid4(), []
        self._wake()

    async def caught_up(self) -> None:
        """Wait until the follower has taken every event, since it waits for more."""

        async def look() -> bool:
            return self._waiting_at == (self.epoch, len(self.events))

        await eventually(look)

    def app(self) -> web.Application:
        app = web.Application()
        app.add_routes([web.get("/internal/events", self._read), web.get("/internal/accounts", self._list)])
        return app

    def _wake(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()

    async def _read(self, request: web.Request) -> web.Response:
        self._check(request)
        after, epoch = int(request.query["after"]), UUID(request.query["epoch"])
        if epoch == self.epoch and after == len(self.events):
            self._waiting_at = (epoch, after)
            await self._news.wait()
            self._waiting_at = None
        if epoch != self.epoch or after > len(self.events):
            return web.Response(status=410)
        return _json(FeedPage(self.epoch, self.events[after:]))

    async def _list(self, request: web.Request) -> web.Response:
        self._check(request)
        after = UUID(request.query.get("after", str(UUID(int=0))))
        ids = sorted(each for each in self.alive if after < each < self.before)[: self.page_size]
        more = ids[-1] if len(ids) == self.page_size else None
        data = {each: {"ban": {"until": _told(self.bans[each])}} for each in ids if each in self.bans}
        return _json(SnapshotPage(self.epoch, len(self.events), self.before, ids, more, data))

    def _check(self, request: web.Request) -> None:
        identity = self._verifier.verify(request.headers[HEADER])
        assert (identity.kind, identity.subject) == (Kind.SERVICE, self._follower)


def _told(until: datetime | None) -> str | None:
    return until.isoformat() if until is not None else None


def _json(body: msgspec.Struct) -> web.Response:
    return web.Response(body=msgspec.json.encode(body), content_type="application/json")
