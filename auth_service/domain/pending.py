"""A sign-in that waits for its second factor."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from auth_service.domain.sessions import SessionKind

LIFETIME = timedelta(minutes=10)
MOST_GUESSES = 5  # after as many the first factor has to be proved again
LABEL = "colp_"


@dataclass(frozen=True, slots=True)
class PendingSignIn:
    """`methods` were proved while the account was as `proved_mark` has it. `kind`: what was asked for first.

    `code_hash` as in Proof.
    """

    user_id: UUID
    methods: tuple[str, ...]
    proved_mark: bytes
    kind: SessionKind
    address_prefix: str
    code_hash: bytes | None = None


def proved_mark(password_changed_at: datetime) -> bytes:
    """Return what changes with the password, and not with another hash of it: what was proved before is void then."""
    return hashlib.sha256(password_changed_at.isoformat().encode()).digest()
