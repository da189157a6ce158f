"""What a presented refresh token means for its session: the one rule of rotation, pure.

A successor is made known to nobody but the client, so a lost answer must be repeatable: the parent of the current
generation is answered with the same successor until that one is known to have arrived, and for a moment after.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from hmac import compare_digest

GRACE = timedelta(seconds=30)  # tabs of one browser refresh together, and answers cross
IDLE_LIMIT = timedelta(days=30)
ABSOLUTE_LIMIT = timedelta(days=90)
WINDOW = timedelta(minutes=10)
REFRESHES_PER_WINDOW = 60


class Verdict(Enum):
    ROTATE = auto()
    REPLAY = auto()  # answer with the successor that was made already
    REUSE = auto()  # somebody holds an old copy: end the session
    REVOKED = auto()
    EXPIRED = auto()
    TOO_OFTEN = auto()


@dataclass(frozen=True, slots=True)
class Presented:
    """A refresh token with a valid MAC. `successor_hashes` are those of the tokens that rotating it may have made."""

    generation: int
    secret_hash: bytes
    successor_hashes: tuple[bytes, ...]

    def made(self, secret_hash: bytes) -> int | None:
        """Return which of its successors this is the hash of."""
        fits = [compare_digest(each, secret_hash) for each in self.successor_hashes]
        return fits.index(True) if any(fits) else None


@dataclass(frozen=True, slots=True)
class Rotation:
    """The part of a session that rotation looks at. `secret_hash` belongs to `generation`, the current one."""

    secret_hash: bytes
    generation: int
    confirmed_generation: int  # the newest one whose access token was seen in use
    created_at: datetime
    rotated_at: datetime
    last_used_at: datetime
    revoked_at: datetime | None
    window_started_at: datetime
    window_count: int

    @property
    def confirmed(self) -> bool:
        return self.confirmed_generation >= self.generation


def judge(token: Presented, session: Rotation, now: datetime) -> Verdict:
    """Return what to do. A session that is over stays over, whatever is presented."""
    if session.revoked_at is not None:
        return Verdict.REVOKED
    if is_expired(session.created_at, session.last_used_at, now):
        return Verdict.EXPIRED
    verdict = _lineage(token, session, now)
    if verdict is not Verdict.REUSE and limited_for(session, now):
        return Verdict.TOO_OFTEN
    return verdict


def _lineage(token: Presented, session: Rotation, now: datetime) -> Verdict:
    if token.generation == session.generation and compare_digest(token.secret_hash, session.secret_hash):
        return Verdict.ROTATE
    is_parent = token.generation == session.generation - 1 and token.made(session.secret_hash) is not None
    if is_parent and (not session.confirmed or now - session.rotated_at < GRACE):
        return Verdict.REPLAY
    return Verdict.REUSE


def is_expired(created_at: datetime, last_used_at: datetime, now: datetime) -> bool:
    return now - last_used_at >= IDLE_LIMIT or now - created_at >= ABSOLUTE_LIMIT


def limited_for(session: Rotation, now: datetime) -> timedelta:
    """Return how long the session may not be refreshed; zero if it may."""
    over = session.window_count >= REFRESHES_PER_WINDOW
    return max(timedelta(), session.window_started_at + WINDOW - now) if over else timedelta()
