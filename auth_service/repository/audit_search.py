"""SQL of reading the audit log, newest entry first."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from auth_service.domain.audit import AuditFilter, Recorded
from shared.db import Db
from shared.ids import HIGHEST, LOWEST

BATCH = 200  # rows that an export holds at once
_SLACK = timedelta(minutes=10)  # by which an entry's id and its time may differ: two clocks, and a transaction
_CONDITIONS = {
    "user_id": "user_id = ${}",
    "actor_id": "actor_id = ${}",
    "action": "action = ${}",
    "address_prefix": "address_prefix = ${}",
    "since": "at >= ${}",
    "until": "at < ${}",
}


class AuditSearch:
    def __init__(self, db: Db) -> None:
        self._db = db

    async def list_page(self, wanted: AuditFilter, before: UUID | None, limit: int) -> list[Recorded]:
        """Return the entries behind `before`. The ids bound what is read: they show their time."""
        lowest = _bound(wanted.since, -_SLACK) if wanted.since is not None else LOWEST
        highest = _bound(wanted.until, _SLACK) if wanted.until is not None else HIGHEST
        arguments: list[Any] = [lowest, min(before or HIGHEST, highest), limit]
        conditions = ""
        for name, condition in _CONDITIONS.items():
            if (value := getattr(wanted, name)) is not None:
                arguments.append(value)
                conditions += f" and {condition.format(len(arguments))}"
        rows = await self._db.fetch(
            f"""
            select audit_entry_id, at, action, user_id, actor_id, session_id, address_prefix, user_agent, details
            from auth.audit_entry where audit_entry_id >= $1 and audit_entry_id < $2{conditions}
            order by audit_entry_id desc limit $3
            """,  # noqa: S608  constants
            *arguments,
        )
        return [_recorded(row) for row in rows]

    async def batches(self, wanted: AuditFilter) -> AsyncIterator[list[Recorded]]:
        """Yield all that fits, a batch at a time, holding neither a connection nor a snapshot in between."""
        before: UUID | None = None
        while batch := await self.list_page(wanted, before, BATCH):
            yield batch
            before = batch[-1].audit_entry_id


def _bound(at: datetime, later: timedelta) -> UUID:
    """Return an id below all those that are made `later` than `at`."""
    milliseconds = int((at + later).timestamp() * 1000)
    return UUID(int=max(0, milliseconds) << 80)


def _recorded(row: asyncpg.Record) -> Recorded:
    return Recorded(**{**row, "details": msgspec.json.decode(row["details"], type=dict[str, str])})
