"""A sign-in that waits for its second factor."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from auth_service.domain.sessions import SessionKind

LIFETIME = timedelta(minutes=10)
MOST_GUESSES = 5  # after as many the first factor has to be proved again
LABEL = "colp_"


@dataclass(frozen=True, slots=True)
class PendingSignIn:
    """`methods` were proved by whoever had the password that `proved_mark` is of. `kind`: what was asked for first."""

    user_id: UUID
    methods: tuple[str, ...]
    proved_mark: bytes
    kind: SessionKind
    address_prefix: str


def proved_mark(password_hash: str | None) -> bytes:
    """Return what changes with the password: what was proved before is void then."""
    return hashlib.sha256((password_hash or "").encode()).digest()
