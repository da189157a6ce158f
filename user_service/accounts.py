"""What auth_service's events do here: a registered account gets a profile, a deleted one a tombstone."""

from uuid import UUID

from shared.db import Connection, Database
from shared.events.client import InternalClient
from shared.events.consume import Consumer, Span
from shared.events.model import Event
from user_service.repository import ProfileRepository


def follow_accounts(client: InternalClient, database: Database) -> Consumer:
    return Consumer("auth_service", "users", "/internal/users", client, database, apply, reconcile)


async def apply(connection: Connection, event: Event) -> None:
    profiles = ProfileRepository(connection)
    if event.type == "user_registered":
        await profiles.add(UUID(event.subject))
    elif event.type == "user_deleted":
        await profiles.bury(UUID(event.subject))


async def reconcile(connection: Connection, span: Span) -> None:
    await ProfileRepository(connection).reconcile(span.after, span.upto, span.alive)
