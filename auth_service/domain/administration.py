"""Accounts as an administrator sees them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from auth_service.domain.bans import StandingBan


@dataclass(frozen=True, slots=True)
class AccountSummary:
    user_id: UUID
    email: str
    email_verified: bool
    has_password: bool
    roles: tuple[str, ...]
    created_at: datetime
    ban: StandingBan | None


@dataclass(frozen=True, slots=True)
class AccountDetails:
    """`counts` tells how many live sessions, API keys and the like it has, by name."""

    summary: AccountSummary
    password_changed_at: datetime
    last_used_at: datetime | None
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class AccountFilter:
    """Accounts that fit all that is given. `email_part` is folded as the addresses are that it is sought in."""

    email_part: str | None = None
    user_id: UUID | None = None
    role: str | None = None
    banned: bool | None = None
    verified: bool | None = None
