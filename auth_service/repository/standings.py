"""SQL of what a session's owner has proved: the row is the truth, whatever a token or a cache says."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from auth_service.domain.refreshing import ABSOLUTE_LIMIT, IDLE_LIMIT
from auth_service.domain.sessions import SessionKind
from auth_service.domain.standing import Standing
from auth_service.repository.sessions import LIVE
from shared.db import Db

HAS_SECOND_FACTOR = """
    (exists (select from auth.totp t where t.user_id = a.user_id and t.confirmed_at is not null)
     or exists (select from auth.passkey p where p.user_id = a.user_id))
"""


@dataclass(frozen=True, slots=True)
class SessionReading:
    """A live session at `read_at`, by the database's clock.

    `seen_generation` is one whose tokens its client certainly has: a token of a later one would confirm what may have
    been lost on its way.
    """

    standing: Standing
    has_second_factor: bool
    kind: SessionKind
    seen_generation: int
    read_at: datetime


class StandingRepository:
    """Takes a pool, or a connection already inside a transaction."""

    def __init__(self, db: Db) -> None:
        self._db = db

    async def find(self, user_id: UUID, session_id: UUID) -> SessionReading | None:
        """Return the person's session, unless it is over."""
        row = await self._db.fetchrow(
            f"""
            select s.amr, coalesce(s.authenticated_at, s.created_at) as authenticated_at, a.roles, s.kind,
                   greatest(s.confirmed_generation, 1) as seen_generation,
                   {HAS_SECOND_FACTOR} as has_second_factor, now() as read_at
            from (
                select user_id, amr, authenticated_at, created_at, kind, confirmed_generation
                from auth.session where session_id = $1 and user_id = $2 and {LIVE}
            ) s join auth.account a using (user_id)
            """,  # noqa: S608  constants
            session_id,
            user_id,
            IDLE_LIMIT,
            ABSOLUTE_LIMIT,
        )
        if row is None:
            return None
        standing = Standing(tuple(row["amr"]), row["authenticated_at"], tuple(row["roles"]))
        kind, seen = SessionKind(row["kind"]), row["seen_generation"]
        return SessionReading(standing, row["has_second_factor"], kind, seen, row["read_at"])

    async def renew(self, session_id: UUID, standing: Standing) -> bool:
        """Note what was proved; False where the session is over."""
        return bool(
            await self._db.fetchval(
                """
                update auth.session set amr = $2, authenticated_at = $3
                where session_id = $1 and revoked_at is null returning true
                """,
                session_id,
                list(standing.methods),
                standing.authenticated_at,
            )
        )
