"""The cookie by which a browser holds its session, and how the session of an old one ends."""

from dataclasses import dataclass
from typing import Self
from uuid import UUID

from auth_service.domain.sessions import EndReason
from auth_service.repository.browser_sessions import BrowserSessionRepository
from auth_service.repository.sessions import Ending
from auth_service.service.ending import end_sessions
from shared.credentials import session_in_cookie
from shared.db import Connection
from shared.events.publish import NewEvent
from shared.opaque_tokens import digest


@dataclass(frozen=True, slots=True)
class BrowserCookie:
    """A cookie that may be genuine: `session_id` is what it claims."""

    session_id: UUID
    secret_hash: bytes

    @classmethod
    def read(cls, text: str) -> Self | None:
        """Return it, or none for what we can't have made."""
        session_id = session_in_cookie(text)
        return cls(session_id, digest(text)) if session_id is not None else None


async def end_replaced(connection: Connection, cookie: BrowserCookie | None) -> list[NewEvent]:
    """Revoke the session of a genuine cookie and return the events to publish."""
    if cookie is None:
        return []
    holder = await BrowserSessionRepository(connection).find_holder(cookie.session_id, cookie.secret_hash)
    if holder is None:
        return []
    return await end_sessions(connection, Ending(holder.user_id, EndReason.SIGNED_IN_ANEW, only=cookie.session_id))
