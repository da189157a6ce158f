"""Accounts that come from another system: who they are, and what became of each."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class ImportOutcome(StrEnum):
    CREATED = "created"
    DUPLICATE = "duplicate"  # there is an account of that address, and it stays as it is
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class ImportedAccount:
    """An account about to be stored; `created_at` is when the other system made it."""

    user_id: UUID
    email: str
    email_key: str
    email_verified: bool
    password_hash: str | None
    created_at: datetime
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RowResult:
    """`row` counts from 1, in the body or file. `user_id` is of the account that is there now, `reason` for invalid."""

    row: int
    outcome: ImportOutcome
    user_id: UUID | None = None
    reason: str = ""
