"""SQL of the audit log. What was written stays as it is, but for where deleted accounts were used from."""

from uuid import UUID

import msgspec

from auth_service.domain.audit import AuditEntry
from shared.db import Db
from shared.ids import uuid7


class AuditRepository:
    """Takes a pool, or the connection whose transaction holds what the entry tells of."""

    def __init__(self, db: Db) -> None:
        self._db = db

    async def record(self, entry: AuditEntry) -> None:
        await self._db.execute(
            """
            insert into auth.audit_entry
                (audit_entry_id, action, user_id, actor_id, session_id, address_prefix, user_agent, details)
            values ($1, $2, $3, $4, $5, $6, $7, $8)
            """,
            uuid7(),
            entry.action.value,
            entry.user_id,
            entry.actor_id,
            entry.session_id,
            entry.device.address_prefix,
            entry.device.user_agent,
            msgspec.json.encode(entry.details).decode(),
        )

    async def forget(self, user_id: UUID) -> None:
        """Take out of a deleted account's entries from where they were made. Needs the deletion's transaction."""
        await self._db.execute("select auth.forget_in_audit_log($1)", user_id)
