"""SQL of the sessions that browsers hold by a cookie: rows like all others, but for how they are recognised."""

from uuid import UUID

from auth_service.access_tokens import FULL_SCOPE
from auth_service.domain.credentials import USE_STEP, Holder
from auth_service.domain.refreshing import ABSOLUTE_LIMIT, GRACE, IDLE_LIMIT
from auth_service.domain.standing import Standing
from shared.db import Db


class BrowserSessionRepository:
    def __init__(self, db: Db) -> None:
        self._db = db

    async def find_holder(self, session_id: UUID, secret_hash: bytes) -> Holder | None:
        """Return whom the cookie stands for while its session lives. That it was asked about is a use, noted apart.

        The cookie before the current one is good for a moment after it was replaced.
        """
        row = await self._db.fetchrow(
            """
            select s.user_id, s.amr, coalesce(s.authenticated_at, s.created_at) as authenticated_at, a.roles,
                   case when s.secret_hash = $2 then least(s.created_at + $4::interval, now() + $3::interval)
                        else s.replaced_at + $5::interval end as expires_at
            from auth.session s join auth.account a using (user_id)
            where s.session_id = $1 and s.kind = 'browser' and s.revoked_at is null
              and (s.secret_hash = $2 or (s.replaced_hash = $2 and s.replaced_at > now() - $5::interval))
              and s.last_used_at > now() - $3::interval and s.created_at > now() - $4::interval
            """,
            session_id,
            secret_hash,
            IDLE_LIMIT,
            ABSOLUTE_LIMIT,
            GRACE,
        )
        if row is None:
            return None
        standing = Standing(tuple(row["amr"]), row["authenticated_at"], tuple(row["roles"]))
        return Holder(row["user_id"], session_id, (FULL_SCOPE,), standing, row["expires_at"])

    async def replace_cookie(self, session_id: UUID, secret_hash: bytes) -> bool:
        """Have another cookie stand for the session; False where it is no browser's, or over."""
        return bool(
            await self._db.fetchval(
                """
                update auth.session set replaced_hash = secret_hash, replaced_at = now(), secret_hash = $2
                where session_id = $1 and kind = 'browser' and revoked_at is null returning true
                """,
                session_id,
                secret_hash,
            )
        )

    async def is_browsers(self, session_id: UUID) -> bool:
        """Tell whether it is, or lately was, a browser's session."""
        return bool(
            await self._db.fetchval(
                "select true from auth.session where session_id = $1 and kind = 'browser'", session_id
            )
        )

    async def note_uses(self, session_ids: list[UUID]) -> None:
        """Note that the live ones were in use just now. One that somebody works on is left for the next time."""
        await self._db.execute(
            """
            with used as (
                select session_id from auth.session
                where session_id = any($1::uuid[]) and kind = 'browser' and revoked_at is null
                  and last_used_at < now() - $2::interval and last_used_at > now() - $3::interval
                for no key update skip locked
            )
            update auth.session s set last_used_at = now() from used where s.session_id = used.session_id
            """,
            session_ids,
            USE_STEP,
            IDLE_LIMIT,
        )
