"""SQL of bans: while one holds, nobody without the owner's credentials comes to the owner's files, or sends any."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from shared.db import Connection


def unless_banned(table: str) -> str:
    """Return the condition that no ban of the owner of a row of `table` holds."""
    return f"""
        not exists (
            select from files.owner where owner.owner_id = {table}.owner_id and owner.banned_until > now()
        )
    """


class BanRepository:
    """Takes a connection inside a transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def ban(self, bans: Mapping[UUID, datetime | None]) -> None:
        """Hide what these people have published until the moment that each has, or without an end.

        Whoever sends by a link of theirs is stopped. Such an upload stays, and goes on after the ban.
        """
        await self._connection.execute(
            """
            insert into files.owner as owner (owner_id, bytes, banned_until)
            select owner_id, 0, coalesce(until, 'infinity')
            from unnest($1::uuid[], $2::timestamptz[]) as ban (owner_id, until) order by owner_id
            on conflict (owner_id) do update set banned_until = excluded.banned_until where owner.deleted_at is null
            """,
            list(bans),
            list(bans.values()),
        )
        await self._connection.execute(
            """
            update files.upload set fence = fence + 1
            where owner_id = any ($1::uuid[]) and state = 'open' and via is not null
            """,
            list(bans),
        )

    async def lift(self, owner_id: UUID) -> None:
        await self._connection.execute(
            "update files.owner set banned_until = null where owner_id = $1 and banned_until is not null", owner_id
        )

    async def reconcile(self, after: UUID, upto: UUID, bans: Mapping[UUID, datetime | None]) -> None:
        """Of the owners with `after` < id <= `upto`, let exactly these be banned."""
        await self._connection.execute(
            """
            update files.owner set banned_until = null
            where owner_id > $1 and owner_id <= $2 and owner_id <> all ($3::uuid[]) and banned_until is not null
            """,
            after,
            upto,
            list(bans),
        )
        await self.ban(bans)
