"""Takes the audit log out of the service, and writes that down."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

from auth_service.domain.audit import Action, AuditFilter, Doer, Recorded
from auth_service.domain.requirement import Requirement
from auth_service.repository.audit import AuditRepository
from auth_service.repository.audit_search import AuditSearch
from auth_service.service.administration import require_administrator
from shared.db import Database


@dataclass(frozen=True, slots=True)
class AuditExport:
    database: Database
    requirement: Requirement

    async def begin(self, doer: Doer, wanted: AuditFilter, form: str) -> AsyncIterator[list[Recorded]]:
        """Return all that fits, in batches. Raises InsufficientUserAuthentication, InsufficientRole, Unavailable."""
        async with self.database.transaction() as connection:
            await require_administrator(connection, doer, self.requirement)
            entry = doer.did(Action.AUDIT_EXPORTED, doer.user_id, format=form, **_told(wanted))
            await AuditRepository(connection).record(entry)
        return AuditSearch(self.database).batches(wanted)


def _told(wanted: AuditFilter) -> dict[str, str]:
    """Return what was asked for, but for the address, which has no place in details."""
    names = ("user_id", "actor_id", "action", "since", "until")
    given = {name: getattr(wanted, name) for name in names}
    return {
        name: value.isoformat() if isinstance(value, datetime) else str(value)
        for name, value in given.items()
        if value is not None
    }
