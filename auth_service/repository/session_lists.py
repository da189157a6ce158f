"""SQL of what a person is shown of their sessions: those that live, and how the others ended."""

from typing import Any
from uuid import UUID

import asyncpg

from auth_service.domain.devices import Device
from auth_service.domain.refreshing import ABSOLUTE_LIMIT, GRACE, IDLE_LIMIT
from auth_service.domain.sessions import EndReason, SessionEnd, SessionKind, SessionSummary
from auth_service.repository.sessions import LIVE
from shared.db import Db
from shared.ids import HIGHEST

_BY_ITSELF = "least(last_used_at + $3::interval, created_at + $4::interval)"
# Whoever ends all sessions revokes those too that had ended by themselves before.
_END = f"""
    case when {LIVE} then null else least(revoked_at, {_BY_ITSELF}) end as ended_at,
    case when revoked_at < {_BY_ITSELF} then revoked_reason else '{EndReason.EXPIRED.value}' end as end_reason
"""


class SessionLists:
    """Takes a pool, or a connection."""

    def __init__(self, db: Db) -> None:
        self._db = db

    async def list_live(self, user_id: UUID, before: UUID | None, limit: int) -> list[SessionSummary]:
        """Return the live sessions, newest first, behind `before`."""
        return await self._list(LIVE, user_id, before, limit)

    async def list_ended(self, user_id: UUID, before: UUID | None, limit: int) -> list[SessionSummary]:
        """Return those that have ended and are still known, in the order that they began, newest first."""
        return await self._list(f"not ({LIVE})", user_id, before, limit)

    async def find_end(self, session_id: UUID, secret_hash: bytes) -> SessionEnd | None:
        """Return how the browser's session ended whose genuine cookie this is; none if it lives or isn't known.

        For the cookie before the current one it ends when that is good no more, though the session goes on.
        """
        row = await self._db.fetchrow(
            f"""
            select {_END}, case when secret_hash <> $2 then replaced_at + $5::interval end as cookie_ends_at, now()
            from auth.session where session_id = $1 and kind = 'browser' and $2 in (secret_hash, replaced_hash)
            """,  # noqa: S608  a constant
            session_id,
            secret_hash,
            IDLE_LIMIT,
            ABSOLUTE_LIMIT,
            GRACE,
        )
        if row is None:
            return None
        if row["ended_at"] is None and row["cookie_ends_at"] is not None and row["cookie_ends_at"] <= row["now"]:
            return SessionEnd(row["cookie_ends_at"], EndReason.COOKIE_REPLACED)
        return _end(row)

    async def _list(self, condition: str, user_id: UUID, before: UUID | None, limit: int) -> list[SessionSummary]:
        rows = await self._db.fetch(
            f"""
            select session_id, kind, amr, user_agent, address_prefix, created_at, last_used_at,
                   coalesce(authenticated_at, created_at) as authenticated_at, {_END}
            from auth.session where user_id = $1 and session_id < $2 and {condition}
            order by session_id desc limit $5
            """,  # noqa: S608  constants
            user_id,
            before or HIGHEST,
            IDLE_LIMIT,
            ABSOLUTE_LIMIT,
            limit,
        )
        return [_summary(row) for row in rows]


def _summary(row: asyncpg.Record) -> SessionSummary:
    values: dict[str, Any] = {name: row[name] for name in ("session_id", "created_at", "last_used_at")}
    return SessionSummary(
        kind=SessionKind(row["kind"]),
        methods=tuple(row["amr"]),
        device=Device(row["address_prefix"], row["user_agent"]),
        authenticated_at=row["authenticated_at"],
        end=_end(row),
        **values,
    )


def _end(row: asyncpg.Record) -> SessionEnd | None:
    return SessionEnd(row["ended_at"], EndReason(row["end_reason"])) if row["ended_at"] is not None else None
