"""What auth_service's events do here: when an account is deleted, its files go, and none come back."""

from uuid import UUID

from file_service.repository.owners import OwnerRepository
from shared.db import Connection, Database
from shared.events.client import InternalClient
from shared.events.consume import Consumer, Span
from shared.events.model import Event


def follow_accounts(client: InternalClient, database: Database) -> Consumer:
    return Consumer("auth_service", "files", "/internal/users", client, database, apply, reconcile)


async def apply(connection: Connection, event: Event) -> None:
    if event.type == "user_deleted":
        await OwnerRepository(connection).delete([UUID(event.subject)])


async def reconcile(connection: Connection, span: Span) -> None:
    """An account that a restore brought back may store files again; those that it had are gone."""
    owners = OwnerRepository(connection)
    await owners.revive(span.alive)
    alive = set(span.alive)
    known = await owners.list_living(span.after, span.upto)
    await owners.delete([owner_id for owner_id in known if owner_id not in alive])
