"""SQL of rotation: read what the rule judges, then change it only if it is still so."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from asyncpg import Record

from auth_service.domain.devices import Device
from auth_service.domain.refreshing import REFRESHES_PER_WINDOW, WINDOW, Rotation
from auth_service.domain.sessions import EndReason
from auth_service.domain.standing import Standing
from shared.db import Db
from shared.gathering import Gathering

_COUNT = """
    last_used_at = now(), user_agent = $3, address_prefix = $4,
    window_started_at = case when window_started_at <= now() - $5::interval then now() else window_started_at end,
    window_count = case when window_started_at <= now() - $5::interval then 1 else window_count + 1 end
"""
_UNCHANGED = """
    where session_id = $1 and generation = $2 and revoked_at is null
      and (window_count < $6 or window_started_at <= now() - $5::interval)
    returning true
"""


@dataclass(frozen=True, slots=True)
class Reading:
    """A session as the database has it at `read_at`, by the database's clock."""

    user_id: UUID
    rotation: Rotation
    revoked_reason: EndReason | None
    standing: Standing
    read_at: datetime


class RotationRepository:
    """`session_id` and `generation` name the state that a change is meant for.

    What is read in one tick of the event loop is read by one statement; changes are made one by one, as one may wait.
    """

    def __init__(self, db: Db) -> None:
        self._db = db
        self._readings = Gathering(self._read_all)

    async def read(self, session_id: UUID) -> Reading | None:
        return await self._readings.find(session_id)

    async def _read_all(self, session_ids: Sequence[UUID]) -> dict[UUID, Reading]:
        rows = await self._db.fetch(
            """
            select s.session_id, s.user_id, s.secret_hash, s.generation, s.confirmed_generation, s.created_at,
                   s.rotated_at, s.last_used_at, s.revoked_at, s.window_started_at, s.window_count, s.revoked_reason,
                   s.amr, coalesce(s.authenticated_at, s.created_at) as authenticated_at, a.roles, now() as read_at
            from auth.session s join auth.account a using (user_id) where s.session_id = any($1::uuid[])
            """,
            session_ids,
        )
        return {row["session_id"]: _reading(row) for row in rows}

    async def rotate(self, session_id: UUID, generation: int, secret_hash: bytes, device: Device) -> bool:
        """Make the successor with `secret_hash` current; False when the session has changed since it was read."""
        return bool(
            await self._db.fetchval(
                f"""
                update auth.session set secret_hash = $7, generation = generation + 1, rotated_at = now(), {_COUNT}
                {_UNCHANGED}
                """,  # noqa: S608  constants
                *_arguments(session_id, generation, device),
                secret_hash,
            )
        )

    async def replay(self, session_id: UUID, generation: int, device: Device) -> bool:
        """Count a refresh that repeats the answer of `generation`; False when the session has changed."""
        return bool(
            await self._db.fetchval(
                f"update auth.session set {_COUNT} {_UNCHANGED}",  # noqa: S608  constants
                *_arguments(session_id, generation, device),
            )
        )


def _reading(row: Record) -> Reading:
    values: dict[str, Any] = dict(row)
    del values["session_id"]
    reason = values.pop("revoked_reason")
    return Reading(
        user_id=values.pop("user_id"),
        revoked_reason=EndReason(reason) if reason is not None else None,
        standing=Standing(tuple(values.pop("amr")), values.pop("authenticated_at"), tuple(values.pop("roles"))),
        read_at=values.pop("read_at"),
        rotation=Rotation(**values),
    )


def _arguments(session_id: UUID, generation: int, device: Device) -> tuple[object, ...]:
    return session_id, generation, device.user_agent, device.address_prefix, WINDOW, REFRESHES_PER_WINDOW
