"""What is sensitive asks that its session was proved a moment ago, and as well as the account can be (RFC 9470)."""

from datetime import timedelta
from uuid import UUID

from auth_service.domain.requirement import Requirement
from auth_service.domain.standing import FRESH_FOR, TWO_FACTORS, Standing
from auth_service.repository.standings import SessionReading, StandingRepository
from shared.db import Db
from shared.errors import INVALID_TOKEN, InsufficientUserAuthentication, Unauthenticated


async def require_fresh(db: Db, user_id: UUID, session_id: UUID, max_age: timedelta = FRESH_FOR) -> Standing:
    """Return the session's standing if it was proved within `max_age`, by two factors where the account has a second.

    It is read from the session's row, as tokens and the gateway's caches may be older. Call it first, or, where the
    change must not outlive the session, with the transaction's connection once the account is held.

    Raises InsufficientUserAuthentication, which tells the client to step up and ask again, or Unauthenticated where the
    session is over.
    """
    reading = await _reading(db, user_id, session_id)
    wanted = TWO_FACTORS if reading.has_second_factor else ""
    if not reading.standing.suffices(wanted, reading.read_at - max_age):
        raise InsufficientUserAuthentication(wanted, int(max_age.total_seconds()))
    return reading.standing


def require_enough(requirement: Requirement, standing: Standing) -> None:
    """Raises InsufficientUserAuthentication for a session below what is required: its token still lives for minutes."""
    if requirement.is_unmet(standing):
        raise InsufficientUserAuthentication(TWO_FACTORS, int(FRESH_FOR.total_seconds()))


async def require_second_factor(db: Db, user_id: UUID, session_id: UUID) -> None:
    """As `require_fresh` where the account has a second factor, else nothing: for what asks for the password too."""
    if (await _reading(db, user_id, session_id)).has_second_factor:
        await require_fresh(db, user_id, session_id)


async def _reading(db: Db, user_id: UUID, session_id: UUID) -> SessionReading:
    reading = await StandingRepository(db).find(user_id, session_id)
    if reading is None:
        raise Unauthenticated("This session was ended.", headers=INVALID_TOKEN)
    return reading
