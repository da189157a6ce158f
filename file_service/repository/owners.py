"""SQL of owners whose accounts are gone."""

from collections.abc import Sequence
from uuid import UUID

from file_service.repository.blobs import give_up_blobs_of
from shared.db import Connection
from shared.purge import Purge

PURGE_DELETED_OWNERS = Purge(
    "deleted_owners",
    """
    delete from files.owner where owner_id in (
        select owner_id from files.owner where deleted_at < now() - interval '30 days' limit $1
    ) returning owner_id
    """,
)


class OwnerRepository:
    """Takes a connection inside a transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def delete(self, owner_ids: Sequence[UUID]) -> None:
        """Delete everything of these owners, and leave tombstones. Doing it again changes nothing.

        The owners' rows come first: an upload that holds one commits before we look for its file, and one that comes
        later finds the tombstone.
        """
        await self._connection.execute(
            """
            insert into files.owner as owner (owner_id, bytes, deleted_at)
            select owner_id, 0, now() from unnest($1::uuid[]) as owner_id order by owner_id
            on conflict (owner_id) do update
            set bytes = 0, reserved = 0, deleted_at = coalesce(owner.deleted_at, excluded.deleted_at)
            """,
            owner_ids,
        )
        await self._connection.execute(
            """
            with gone as (delete from files.file where owner_id = any($1::uuid[]) returning file_id)
            update files.blob set holder_id = null, due_at = now() from gone where holder_id = gone.file_id
            """,
            owner_ids,
        )
        uploads = await self._connection.fetch(
            "delete from files.upload where owner_id = any($1::uuid[]) returning upload_id", owner_ids
        )
        await give_up_blobs_of(self._connection, [row["upload_id"] for row in uploads])

    async def revive(self, owner_ids: Sequence[UUID]) -> None:
        """Remove the tombstones of these owners, if there are any."""
        await self._connection.execute(
            "delete from files.owner where owner_id = any($1::uuid[]) and deleted_at is not null", owner_ids
        )

    async def list_living(self, after: UUID, upto: UUID) -> list[UUID]:
        """Return the owners that we take for alive, `after` < id <= `upto`."""
        rows = await self._connection.fetch(
            "select owner_id from files.owner where owner_id > $1 and owner_id <= $2 and deleted_at is null",
            after,
            upto,
        )
        return [row["owner_id"] for row in rows]
