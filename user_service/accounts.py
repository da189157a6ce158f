"""What auth_service's events do here: a registered account gets a profile, a deleted one a tombstone; bans hide it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from shared.db import Connection, Database
from shared.events.client import InternalClient
from shared.events.consume import Consumer, Span
from shared.events.model import Event
from user_service.repository import BanRepository, ProfileRepository

_EDITION = 2  # knows bans


def follow_accounts(client: InternalClient, database: Database) -> Consumer:
    return Consumer("auth_service", "users", "/internal/accounts", client, database, apply, reconcile, _EDITION)


async def apply(connection: Connection, event: Event) -> None:
    user_id = event.subject
    if event.type == "user_registered":
        await ProfileRepository(connection).add(UUID(user_id))
    elif event.type == "user_banned":
        await BanRepository(connection).ban({UUID(user_id): _end(event.data)})
    elif event.type == "user_unbanned":
        await BanRepository(connection).lift(UUID(user_id))
    elif event.type == "user_deleted":
        await ProfileRepository(connection).bury(UUID(user_id))


async def reconcile(connection: Connection, span: Span) -> None:
    await ProfileRepository(connection).reconcile(span.after, span.upto, span.alive)
    bans = {user_id: _end(data["ban"]) for user_id, data in span.data.items() if "ban" in data}
    await BanRepository(connection).reconcile(span.after, span.upto, bans)


def _end(ban: Mapping[str, Any]) -> datetime | None:
    """Return when a ban ends, if it does."""
    return datetime.fromisoformat(ban["until"]) if ban["until"] is not None else None
