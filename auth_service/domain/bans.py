"""A ban: whoever has one proves in vain who they are."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from auth_service.errors import InvalidBan
from shared.errors import Violation

LONGEST_REASON = 500  # characters
SHORTEST = timedelta(minutes=15)  # gateways remember for eleven minutes which API keys it stopped
_LONGEST = timedelta(days=3660)


@dataclass(frozen=True, slots=True)
class Ban:
    """`until` is none where it has no end. `reason` is told to the person."""

    reason: str
    until: datetime | None


@dataclass(frozen=True, slots=True)
class StandingBan:
    """A ban that was made `at` some time, and holds."""

    ban: Ban
    at: datetime


def accept_ban(reason: str, until: datetime | None, now: datetime) -> Ban:
    """Raises InvalidBan."""
    shown = reason.strip()
    if not shown or len(shown) > LONGEST_REASON or not shown.isprintable():
        raise _invalid("/reason", f"must have 1 to {LONGEST_REASON} characters that can be printed")
    if until is not None and not now + SHORTEST <= until <= now + _LONGEST:
        raise _invalid("/until", "must lie ahead, by a quarter of an hour at least and ten years at most")
    return Ban(shown, until)


def _invalid(pointer: str, rule: str) -> InvalidBan:
    return InvalidBan(f"A ban's {pointer[1:]} {rule}.", errors=[Violation(pointer, rule)])
