"""SQL of bans: while one holds, nobody but the owner sees the profile. Its row stays as it is."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from shared.db import Connection


class BanRepository:
    """Takes a connection inside a transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def ban(self, bans: Mapping[UUID, datetime | None]) -> None:
        """Hide these people's profiles until the moment that each has, or without an end."""
        await self._connection.execute(
            """
            insert into users.profile as profile (user_id, banned_until)
            select user_id, coalesce(until, 'infinity')
            from unnest($1::uuid[], $2::timestamptz[]) as ban (user_id, until) order by user_id
            on conflict (user_id) do update set banned_until = excluded.banned_until where profile.deleted_at is null
            """,
            list(bans),
            list(bans.values()),
        )

    async def lift(self, user_id: UUID) -> None:
        await self._connection.execute(
            "update users.profile set banned_until = null where user_id = $1 and banned_until is not null", user_id
        )

    async def reconcile(self, after: UUID, upto: UUID, bans: Mapping[UUID, datetime | None]) -> None:
        """Of the people with `after` < id <= `upto`, let exactly these be banned."""
        await self._connection.execute(
            """
            update users.profile set banned_until = null
            where user_id > $1 and user_id <= $2 and user_id <> all ($3::uuid[]) and banned_until is not null
            """,
            after,
            upto,
            list(bans),
        )
        await self.ban(bans)
