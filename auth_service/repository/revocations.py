"""SQL of the revocations that the gateway keeps in memory."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from shared.db import Database
from shared.events.feed import Feed

_SPAN = timedelta(minutes=11)  # an access token's life, and a minute for transactions and clocks


@dataclass(frozen=True, slots=True)
class Revocation:
    session_id: UUID
    revoked_at: datetime


@dataclass(frozen=True, slots=True)
class RevocationSnapshot:
    """Follow the feed from `position` in `epoch` for all that comes after."""

    epoch: UUID
    position: int
    revocations: list[Revocation]


class RevocationRepository:
    def __init__(self, database: Database, feed: Feed) -> None:
        self._database = database
        self._feed = feed

    async def read(self) -> RevocationSnapshot:
        """Return the recent revocations and the position that they are complete up to.

        They are read from the events, so that those of deleted accounts are among them. Both reads share one
        snapshot, and positions are drawn under a lock that is held until the commit: every event up to the newest
        visible position is visible too, and every later one gets a higher position. So nothing falls in between.
        """
        async with (
            self._database.connection() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            epoch, position = await self._feed.position(connection)
            rows = await connection.fetch(
                """
                select subject::uuid as session_id, time as revoked_at from auth.event
                where type = 'session_revoked' and time > now() - $1::interval
                order by id
                """,
                _SPAN,
            )
        return RevocationSnapshot(epoch, position, [Revocation(**row) for row in rows])
