"""What auth_service's events do here: when an account is deleted, its files go, and none come back; bans hide them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from file_service.repository.bans import BanRepository
from file_service.repository.owners import OwnerRepository
from shared.db import Connection, Database
from shared.events.client import InternalClient
from shared.events.consume import Consumer, Span
from shared.events.model import Event

_EDITION = 2  # knows bans


def follow_accounts(client: InternalClient, database: Database) -> Consumer:
    return Consumer("auth_service", "files", "/internal/accounts", client, database, apply, reconcile, _EDITION)


async def apply(connection: Connection, event: Event) -> None:
    if event.type == "user_banned":
        await BanRepository(connection).ban({UUID(event.subject): _end(event.data)})
    elif event.type == "user_unbanned":
        await BanRepository(connection).lift(UUID(event.subject))
    elif event.type == "user_deleted":
        await OwnerRepository(connection).delete([UUID(event.subject)])


async def reconcile(connection: Connection, span: Span) -> None:
    """An account that a restore brought back may store files again; those that it had are gone."""
    owners = OwnerRepository(connection)
    await owners.revive(span.alive)
    alive = set(span.alive)
    known = await owners.list_living(span.after, span.upto)
    await owners.delete([owner_id for owner_id in known if owner_id not in alive])
    bans = {owner_id: _end(data["ban"]) for owner_id, data in span.data.items() if "ban" in data}
    await BanRepository(connection).reconcile(span.after, span.upto, bans)


def _end(ban: Mapping[str, Any]) -> datetime | None:
    """Return when a ban ends, if it does."""
    return datetime.fromisoformat(ban["until"]) if ban["until"] is not None else None
