"""SQL of the audit log. What was written stays as it is, but for where deleted accounts were used from: the database
lets us add and read, and nothing else.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from auth_service.domain.attempts import LIMIT, Counter
from auth_service.domain.audit import Action, AuditEntry
from auth_service.metrics import AUDIT_ENTRIES
from shared.db import Db
from shared.ids import uuid7
from shared.logs import log


class AuditRepository:
    """Takes a pool, or the connection whose transaction holds what the entry tells of."""

    def __init__(self, db: Db) -> None:
        self._db = db

    async def record(self, entry: AuditEntry) -> None:
        """Write it down, here and in the program's log: whoever can change this database can't change that."""
        entry_id = uuid7()
        await self._db.execute(
            """
            insert into auth.audit_entry
                (audit_entry_id, action, user_id, actor_id, session_id, address_prefix, user_agent, details)
            values ($1, $2, $3, $4, $5, $6, $7, $8)
            """,
            entry_id,
            entry.action.value,
            entry.user_id,
            entry.actor_id,
            entry.session_id,
            entry.device.address_prefix,
            entry.device.user_agent,
            msgspec.json.encode(entry.details).decode(),
        )

        _log(entry_id, entry)

    async def record_all(self, entries: Sequence[AuditEntry]) -> None:
        """Write down many at once, as `record` does each."""
        ids = [uuid7() for _ in entries]
        await self._db.execute(
            """
            insert into auth.audit_entry
                (audit_entry_id, action, user_id, actor_id, session_id, address_prefix, user_agent, details)
            select * from unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[], $7::text[],
                                 $8::jsonb[])
            """,
            ids,
            [entry.action.value for entry in entries],
            [entry.user_id for entry in entries],
            [entry.actor_id for entry in entries],
            [entry.session_id for entry in entries],
            [entry.device.address_prefix for entry in entries],
            [entry.device.user_agent for entry in entries],
            [msgspec.json.encode(entry.details).decode() for entry in entries],
        )
        for entry_id, entry in zip(ids, entries, strict=True):
            _log(entry_id, entry)

    async def record_refusal(self, entry: AuditEntry, counter: Counter, window_started_at: object) -> None:
        """Write down that a guess was wrong, once in the counter's window, and once more when it was the last allowed.

        For an address without an account it does the same, and writes nothing. The first guess at an account takes as
        much longer as a row takes to write, and whoever would measure that can do so once in a window.
        """
        entry_id = uuid7()
        action = await self._db.fetchval(
            """
            with told as (
                update auth.login_failure set told = case when failures >= $4 then 2 else 1 end
                where subject = $1 and bucket = $2 and window_started_at = $3
                  and told < case when failures >= $4 then 2 else 1 end
                returning told
            )
            insert into auth.audit_entry (audit_entry_id, action, user_id, address_prefix, user_agent, details)
            select $5, case told when 2 then $6 else $7 end, $8, $9, $10, '{}' from told where $8::uuid is not null
            returning action
            """,
            *(counter.subject, counter.bucket, window_started_at, LIMIT, entry_id),
            *(Action.ATTEMPTS_EXHAUSTED.value, Action.ATTEMPT_REFUSED.value),
            *(entry.user_id, entry.device.address_prefix, entry.device.user_agent),
        )
        if action is not None:
            _log(entry_id, AuditEntry(Action(action), entry.device, entry.user_id))

    async def forget(self, user_id: UUID) -> None:
        """Take out of a deleted account's entries from where they were made. Needs the deletion's transaction."""
        await self._db.execute("select auth.forget_in_audit_log($1)", user_id)


def _log(entry_id: UUID, entry: AuditEntry) -> None:
    """Tell of the entry without addresses, a moment before its transaction ends: none is ever missing there."""
    AUDIT_ENTRIES.labels(entry.action.value).inc()
    told: Mapping[str, Any] = {
        "event.id": entry_id,
        "colonnade.audit.action": entry.action.value,
        "user.id": entry.user_id,
        "colonnade.audit.actor_id": entry.actor_id,
        "colonnade.audit.session_id": entry.session_id,
        "colonnade.audit.details": entry.details,
    }
    log.info("audit", **{name: value for name, value in told.items() if value is not None})
