"""SQL of sessions: begin and end."""

from dataclasses import dataclass
from uuid import UUID

from auth_service.domain.refreshing import ABSOLUTE_LIMIT, IDLE_LIMIT
from auth_service.domain.sessions import EndReason, NewSession
from shared.db import Db

LIVE = "revoked_at is null and last_used_at > now() - $3::interval and created_at > now() - $4::interval"


@dataclass(frozen=True, slots=True)
class Ending:
    """Which live sessions of one person to end: all, all but `spare`, or `only` one."""

    user_id: UUID
    reason: EndReason
    only: UUID | None = None
    spare: UUID | None = None


class SessionRepository:
    """Takes a pool, or a connection already inside a transaction."""

    def __init__(self, db: Db) -> None:
        self._db = db

    async def add(self, session: NewSession) -> None:
        await self._db.execute(
            """
            insert into auth.session
                (session_id, user_id, secret_hash, user_agent, address_prefix, amr, authenticated_at, kind)
            values ($1, $2, $3, $4, $5, $6, $7, $8)
            """,
            session.session_id,
            session.user_id,
            session.secret_hash,
            session.device.user_agent,
            session.device.address_prefix,
            list(session.standing.methods),
            session.standing.authenticated_at,
            session.kind.value,
        )

    async def end(self, ending: Ending) -> list[UUID]:
        """Revoke the live sessions that `ending` names and return their ids. Needs a transaction.

        Rows are locked in one order, so that two who end the same sessions don't wait for each other. A refresh
        changes the same row: it is either seen here, or finds the session revoked.
        """
        rows = await self._db.fetch(
            """
            with live as (
                select session_id from auth.session
                where user_id = $1 and revoked_at is null
                  and ($2::uuid is null or session_id = $2) and ($3::uuid is null or session_id <> $3)
                order by session_id
                for update
            )
            update auth.session s set revoked_at = now(), revoked_reason = $4
            from live where s.session_id = live.session_id
            returning s.session_id
            """,
            ending.user_id,
            ending.only,
            ending.spare,
            ending.reason.value,
        )
        return [row["session_id"] for row in rows]

    async def end_excess(self, user_id: UUID, newest: UUID, most: int) -> list[UUID]:
        """Revoke the longest unused of the live sessions, so that `most` are left, `newest` among them.

        Needs a transaction that holds the account: of two who begin sessions at once, the second must see the first's.
        """
        rows = await self._db.fetch(
            f"""
            with excess as (
                select session_id from auth.session where user_id = $1 and session_id <> $2 and {LIVE}
                order by last_used_at desc, session_id desc offset $5 - 1
            ), locked as (
                select session_id from auth.session
                where session_id in (select session_id from excess) and revoked_at is null
                order by session_id
                for update
            )
            update auth.session s set revoked_at = now(), revoked_reason = $6
            from locked where s.session_id = locked.session_id
            returning s.session_id
            """,  # noqa: S608  a constant
            user_id,
            newest,
            IDLE_LIMIT,
            ABSOLUTE_LIMIT,
            most,
            EndReason.TOO_MANY_SESSIONS.value,
        )
        return [row["session_id"] for row in rows]

    async def exists(self, user_id: UUID, session_id: UUID) -> bool:
        """Tell whether the person has, or lately had, such a session."""
        return bool(
            await self._db.fetchval(
                "select true from auth.session where user_id = $1 and session_id = $2", user_id, session_id
            )
        )

    async def find_reason(self, session_id: UUID) -> EndReason | None:
        """Return why it was ended before its time; none where it wasn't, or isn't known."""
        reason = await self._db.fetchval("select revoked_reason from auth.session where session_id = $1", session_id)
        return EndReason(reason) if reason is not None else None

    async def find_owner(self, session_id: UUID) -> UUID | None:
        owner: UUID | None = await self._db.fetchval(
            "select user_id from auth.session where session_id = $1", session_id
        )
        return owner

    async def confirm(self, generations: dict[UUID, int]) -> None:
        """Note which generation of each live session was seen in use; what is known or impossible is ignored.

        Sessions that are over are left alone: whoever deletes an account locks those in another order.
        """
        await self._db.execute(
            """
            with seen as (
                select s.session_id, c.generation
                from unnest($1::uuid[], $2::integer[]) as c (session_id, generation)
                join auth.session s on s.session_id = c.session_id
                where s.revoked_at is null and s.confirmed_generation < c.generation and c.generation <= s.generation
                order by s.session_id
                for update of s
            )
            update auth.session s set confirmed_generation = greatest(s.confirmed_generation, seen.generation)
            from seen where s.session_id = seen.session_id
            """,
            list(generations),
            list(generations.values()),
        )
