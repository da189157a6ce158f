"""When a key that signs access tokens is made, signs, and is retired: the one rule, pure.

A key is published before it signs, so that every verifier knows it by then, and as long as its tokens live. All times
are the database's, so that replicas whose clocks disagree still agree on which key signs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

# Verifiers may be behind: our replicas by 5 s, whoever caches the key set by 300 s, the gateway, when the feed that
# tells it of new keys is away, by another 300 s. Lead covers their sum.
LEAD = timedelta(minutes=15)
TOKENS_LIVE = timedelta(minutes=15)  # an access token's ten minutes, and a margin
HASTY_LEAD = timedelta(seconds=10)  # where a key was stolen: replicas have read the change by then, gateways were told


@dataclass(frozen=True, slots=True)
class KeyTimes:
    """`verifies_until` is none as long as no other key has come in its place."""

    kid: str
    signs_from: datetime
    verifies_until: datetime | None

    def verifies(self, now: datetime) -> bool:
        return self.verifies_until is None or self.verifies_until > now


@dataclass(frozen=True, slots=True)
class Plan:
    """What is due: a key that will sign from `make_for` on, and the ids of keys to retire, with the end of each."""

    make_for: datetime | None = None
    retire: tuple[tuple[str, datetime], ...] = ()

    def __bool__(self) -> bool:
        return self.make_for is not None or bool(self.retire)


K = TypeVar("K", bound=KeyTimes)


def signers(keys: Sequence[K], now: datetime) -> list[K]:
    """Return the keys that may sign now, the one that should first: the newest whose time has come."""
    ready = [key for key in keys if key.signs_from <= now and key.verifies(now)]
    return sorted(ready, key=lambda key: (key.signs_from, key.kid), reverse=True)


def plan(keys: Sequence[KeyTimes], now: datetime, every: timedelta) -> Plan:
    """Return what is due by `now`, so that each key signs for `every`. Applied, nothing more is due at that moment."""
    ready = signers(keys, now)
    if not ready:
        return Plan(make_for=now)
    current, *older = ready
    until = current.signs_from + TOKENS_LIVE
    retire = tuple((key.kid, until) for key in older if key.verifies_until is None)
    change = current.signs_from + every
    if now < change - LEAD or any(key.signs_from > now for key in keys if key.verifies(now)):
        return Plan(retire=retire)
    return Plan(max(change, now + LEAD), retire)
