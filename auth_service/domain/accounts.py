"""An account: who may sign in, and with what."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class NewAccount:
    user_id: UUID
    email: str
    email_key: str
    password_hash: str


@dataclass(frozen=True, slots=True)
class Account:
    """An account as a person meets it who is about to prove a password. `device_known`: has signed in from here."""

    user_id: UUID
    email_key: str
    password_hash: str
    device_known: bool
