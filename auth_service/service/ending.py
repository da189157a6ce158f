"""Ends sessions: their refresh tokens die with the commit, their access tokens with the event that the commit holds."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from auth_service.domain.sessions import EndReason
from auth_service.metrics import SESSIONS_REVOKED
from auth_service.repository.browser_sessions import BrowserSessionRepository
from auth_service.repository.sessions import Ending, SessionRepository
from shared.db import Connection, Database
from shared.errors import NotFound
from shared.events.publish import NewEvent, publish


class LogoutScope(StrEnum):
    THIS = "this"
    OTHERS = "others"
    ALL = "all"


async def end_sessions(connection: Connection, ending: Ending) -> list[NewEvent]:
    """Revoke the sessions and return the events to publish as the transaction's last step."""
    ended = await SessionRepository(connection).end(ending)
    SESSIONS_REVOKED.labels(ending.reason.value).inc(len(ended))
    data = {"user_id": str(ending.user_id), "reason": ending.reason.value}
    return [NewEvent("session_revoked", str(session_id), data) for session_id in ended]


async def end_and_tell(database: Database, ending: Ending) -> int:
    """Revoke the sessions and publish it; return how many were live."""
    async with database.transaction() as connection:
        events = await end_sessions(connection, ending)
        await publish(connection, "auth", events)
    return len(events)


@dataclass(frozen=True, slots=True)
class SessionEnding:
    """What a person ends on purpose. Ending what has ended already is no failure."""

    database: Database

    async def log_out(self, user_id: UUID, session_id: UUID, scope: LogoutScope) -> bool:
        """End what `scope` names; tell whether the session that asks was a browser's and is over."""
        endings = {
            LogoutScope.THIS: Ending(user_id, EndReason.LOGOUT, only=session_id),
            LogoutScope.OTHERS: Ending(user_id, EndReason.LOGOUT_ELSEWHERE, spare=session_id),
            LogoutScope.ALL: Ending(user_id, EndReason.LOGOUT_ELSEWHERE),
        }
        await end_and_tell(self.database, endings[scope])
        return scope is not LogoutScope.OTHERS and await BrowserSessionRepository(self.database).is_browsers(session_id)

    async def revoke(self, user_id: UUID, session_id: UUID) -> None:
        """Raises NotFound for a session that isn't the person's."""
        ended = await end_and_tell(self.database, Ending(user_id, EndReason.REVOKED_BY_OWNER, only=session_id))
        if not ended and not await SessionRepository(self.database).exists(user_id, session_id):
            raise NotFound
