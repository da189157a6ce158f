"""Sessions: one live refresh token each, nobody logged out by mistake, nobody let in who has left."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.chaos.history import Found, History

PROMISED = 1.0  # seconds in which a revoked access token is refused everywhere, while the feed is connected
_SLACK = 1.0  # seconds, for a machine with more to do than it has processors


@dataclass(frozen=True, slots=True)
class Deaf:
    """From when to when gateways couldn't hear of revocations: as auth_service or its database was away."""

    since: float
    until: float


def second_leaves(history: History, found: Found) -> Iterator[str]:
    """A token that is presented again is answered with the same successor, and the row knows no other."""
    successors: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for rotation in history.rotations:
        successors[rotation.session, rotation.presented].add(rotation.successor)
    for (session, _), tokens in successors.items():
        if len(tokens) > 1:
            yield f"session {session} has {len(tokens)} live successors of one refresh token"
    for session, leaf in found.held.items():
        row = found.sessions.get(session)
        if row is not None and not row.ended and row.leaf != leaf:
            yield f"session {session} is refreshed by another token than its client was given"


def mistaken_logouts(history: History, found: Found) -> Iterator[str]:
    left = {logout.session for logout in history.logouts}
    for session in found.held:
        row = found.sessions.get(session)
        if session in left:
            continue
        if row is None:
            yield f"session {session} is gone, and nobody ended it"
        elif row.ended:
            yield f"session {session} was ended by mistake: {row.ended}"


def revived(history: History, found: Found, deaf: Sequence[Deaf] = ()) -> Iterator[str]:
    """An ended session's refresh token is dead at once, its access token in a second from when gateways could hear."""
    ends = {logout.session: logout.acknowledged for logout in history.logouts}
    for rotation in history.rotations:
        if rotation.sent > ends.get(rotation.session, float("inf")):
            yield f"session {rotation.session} was refreshed after its logout"
    for use in history.late_uses:
        deadline = _heard(ends[use.session], deaf) + PROMISED + _SLACK
        if use.accepted and use.sent > deadline:
            yield f"a token of session {use.session} was let in {use.sent - ends[use.session]:.1f} s after its logout"
    for session in ends.keys() & found.sessions.keys():
        if not found.sessions[session].ended:
            yield f"session {session} was logged out, and is alive"


def _heard(moment: float, deaf: Sequence[Deaf]) -> float:
    for outage in deaf:
        if outage.since <= moment + PROMISED and moment < outage.until:
            moment = max(moment, outage.until)
    return moment
