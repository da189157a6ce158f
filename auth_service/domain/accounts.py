"""An account: who may sign in, and with what."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from auth_service.domain.languages import DEFAULT


@dataclass(frozen=True, slots=True)
class NewAccount:
    user_id: UUID
    email: str
    email_key: str
    password_hash: str | None
    email_verified: bool = False
    language: str = DEFAULT


@dataclass(frozen=True, slots=True)
class Account:
    """An account as a person meets it who is about to prove that it is theirs.

    `password_hash` is none where it has no password. It may be replaced by another of the same password at any time:
    what tells whether a password is still the one that was proved is `password_changed_at`. `device_known`: has signed
    in from here.
    """

    user_id: UUID
    email: str
    email_key: str
    email_verified: bool
    password_hash: str | None
    password_changed_at: datetime
    roles: tuple[str, ...]
    device_known: bool


@dataclass(frozen=True, slots=True)
class Proof:
    """What somebody has proved: that the account, as it is here, is theirs. `methods` as in RFC 8176.

    `provider` is who vouches for it, where another does; `code_hash` is of the code by which an app fetches what comes
    of it: nothing may begin once that was used again.
    """

    account: Account
    methods: tuple[str, ...]
    provider: str = ""
    code_hash: bytes | None = None
