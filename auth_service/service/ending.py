"""Ends sessions: their refresh tokens die with the commit, their access tokens with the event that the commit holds."""

from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import UUID

from auth_service.domain.audit import NOWHERE, SYSTEM, Action, AuditEntry
from auth_service.domain.devices import Device
from auth_service.domain.one_time_tokens import Purpose
from auth_service.domain.sessions import DISTRUSTED, EndReason, NewSession, SessionEnd
from auth_service.metrics import SESSIONS_REVOKED
from auth_service.repository.audit import AuditRepository
from auth_service.repository.browser_sessions import BrowserSessionRepository
from auth_service.repository.held_accounts import hold_account
from auth_service.repository.one_time_tokens import OneTimeTokenRepository
from auth_service.repository.pending import PendingRepository
from auth_service.repository.session_lists import SessionLists
from auth_service.repository.sessions import Ending, SessionRepository
from auth_service.service.freshness import require_fresh
from shared.credentials import session_in_cookie
from shared.db import Connection, Database
from shared.errors import NotFound
from shared.events.publish import NewEvent, publish
from shared.opaque_tokens import digest


class LogoutScope(StrEnum):
    THIS = "this"
    OTHERS = "others"
    ALL = "all"


async def end_sessions(connection: Connection, ending: Ending) -> list[NewEvent]:
    """Revoke the sessions and return the events to publish as the transaction's last step.

    Where somebody else may have had one, a change of address and sign-ins that wait are void: they may have begun them.
    The account is held for that, before its sessions are, as by all who do both.
    """
    if ending.reason in DISTRUSTED:
        await hold_account(connection, ending.user_id)
        await OneTimeTokenRepository(connection).delete(ending.user_id, Purpose.EMAIL_CHANGE)
        await PendingRepository(connection).delete_all(ending.user_id)
    return _told(await SessionRepository(connection).end(ending), ending.user_id, ending.reason)


async def end_excess(connection: Connection, newest: NewSession, most: int) -> list[NewEvent]:
    """Revoke the longest unused sessions of an account that has more than `most`, and write down which.

    Needs a transaction that holds the account; returns the events to publish as its last step.
    """
    ended = await SessionRepository(connection).end_excess(newest.user_id, newest.session_id, most)
    audit, reason = AuditRepository(connection), EndReason.TOO_MANY_SESSIONS
    for session_id in ended:
        details = {"reason": reason.value, "for": str(newest.session_id)}
        entry = AuditEntry(
            Action.SESSION_ENDED, newest.device, newest.user_id, newest.user_id, session_id=session_id, details=details
        )
        await audit.record(entry)
    return _told(ended, newest.user_id, reason)


async def end_and_tell(database: Database, ending: Ending, entry: AuditEntry) -> int:
    """Revoke the sessions, publish it and write it down; return how many were live. Where none was, nothing is told."""
    async with database.transaction() as connection:
        events = await end_sessions(connection, ending)
        if events:
            details = {**entry.details, "reason": ending.reason.value, "ended": str(len(events))}
            await AuditRepository(connection).record(replace(entry, details=details))
        await publish(connection, "auth", events)
    return len(events)


async def end_below_requirement(database: Database, user_id: UUID, session_id: UUID) -> None:
    """End a session that goes on by one factor alone, since before two were required of the person."""
    entry = AuditEntry(Action.SESSION_ENDED, NOWHERE, user_id, SYSTEM, session_id)
    await end_and_tell(database, Ending(user_id, EndReason.SECOND_FACTOR_REQUIRED, only=session_id), entry)


def _told(ended: list[UUID], user_id: UUID, reason: EndReason) -> list[NewEvent]:
    SESSIONS_REVOKED.labels(reason.value).inc(len(ended))
    data = {"user_id": str(user_id), "reason": reason.value}
    return [NewEvent("session_revoked", str(session_id), data) for session_id in ended]


@dataclass(frozen=True, slots=True)
class SessionEnding:
    """What a person ends on purpose, from a `device`. Ending what has ended already is no failure.

    Ending others' than the session that asks wants a fresh proof (ASVS 5.0, 7.5.2): whoever holds a stolen session must
    not be able to drive its owner out.
    """

    database: Database

    async def log_out(self, user_id: UUID, session_id: UUID, scope: LogoutScope, device: Device) -> bool:
        """End what `scope` names; tell whether the session that asks was a browser's and is over.

        Raises InsufficientUserAuthentication, unless it ends that one alone.
        """
        if scope is not LogoutScope.THIS:
            await require_fresh(self.database, user_id, session_id)
        endings = {
            LogoutScope.THIS: Ending(user_id, EndReason.LOGOUT, only=session_id),
            LogoutScope.OTHERS: Ending(user_id, EndReason.LOGOUT_ELSEWHERE, spare=session_id),
            LogoutScope.ALL: Ending(user_id, EndReason.LOGOUT_ELSEWHERE),
        }
        details = {"scope": scope.value}
        entry = AuditEntry(Action.SIGNED_OUT, device, user_id, user_id, session_id=session_id, details=details)
        await end_and_tell(self.database, endings[scope], entry)
        return scope is not LogoutScope.OTHERS and await BrowserSessionRepository(self.database).is_browsers(session_id)

    async def revoke(self, user_id: UUID, session_id: UUID, asking: UUID, device: Device) -> None:
        """End one of the person's sessions, as the session `asking` wishes.

        Raises NotFound for one that isn't the person's, InsufficientUserAuthentication.
        """
        if session_id != asking:
            await require_fresh(self.database, user_id, asking)
        entry = AuditEntry(Action.SESSION_ENDED, device, user_id, user_id, session_id=session_id)
        ended = await end_and_tell(self.database, Ending(user_id, EndReason.REVOKED_BY_OWNER, only=session_id), entry)
        if not ended and not await SessionRepository(self.database).exists(user_id, session_id):
            raise NotFound

    async def reason_of(self, cookie: str) -> SessionEnd | None:
        """Return how the session of a browser's cookie ended, for the page that asks to sign in again.

        None for one that lives, whose account is gone, that ended over a month ago, or that isn't genuine: nobody
        learns of a session whose secret they never had.
        """
        session_id = session_in_cookie(cookie)
        if session_id is None:
            return None
        return await SessionLists(self.database).find_end(session_id, digest(cookie))
