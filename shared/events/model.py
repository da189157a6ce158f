"""The shapes that travel between an owner of events and those who follow them.

Each owner's schema has the tables

    event       (id bigserial primary key, event_id uuid not null, type text not null, subject text not null,
                 time timestamptz not null default now(), data jsonb not null, traceparent text)
    event_epoch (epoch uuid not null, horizon bigint not null default 0)   -- one row

An epoch names one unbroken history: a restore makes a new one. Events up to `horizon` are purged.
"""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec

from shared.errors import AppError
from shared.ids import LOWEST

EVENTS_PATH = "/internal/events"


class Event(msgspec.Struct, frozen=True):
    """One fact, with CloudEvents 1.0 names; `position` is its place in the feed.

    `traceparent` is that of the request that made it (CloudEvents' extension for distributed tracing).
    """

    position: int
    id: UUID
    type: str
    subject: str
    time: datetime
    data: dict[str, Any]
    traceparent: str | None = None


class FeedPage(msgspec.Struct, frozen=True):
    """Events behind the asked position, oldest first; empty when none came in time."""

    epoch: UUID
    items: list[Event]


class FeedQuery(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """`wait` is how many seconds the owner may hold the answer back while there is nothing to tell."""

    after: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
    epoch: UUID
    limit: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 500
    wait: Annotated[float, msgspec.Meta(ge=0, le=30)] = 0


class SnapshotQuery(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    after: UUID = LOWEST
    limit: Annotated[int, msgspec.Meta(ge=1, le=5000)] = 1000


class SnapshotPage(msgspec.Struct, frozen=True):
    """Ids that exist, in order, behind `after` and below `before`; `data` is what there is to know of some of them.

    Follow the feed from `position` afterwards: it lies so far back that whatever happened to ids from `before` on
    is told again. Ids are UUIDv7, so that `before` is a time.
    """

    epoch: UUID
    position: int
    before: UUID
    items: list[UUID]
    next_after: UUID | None
    data: dict[UUID, dict[str, Any]] = {}


class ResyncRequired(AppError):
    code, status, title = "resync_required", 410, "The feed doesn't reach back that far; take a snapshot"
