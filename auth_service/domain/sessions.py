"""A session: one sign-in of one person on one device."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Self
from uuid import UUID

from auth_service.domain.devices import Device
from auth_service.domain.standing import Standing
from auth_service.domain.user_agents import Agent, read_agent


class SessionKind(StrEnum):
    """What its holder shows: tokens that are refreshed, or a browser's cookie."""

    TOKEN = "token"  # noqa: S105  a kind, not a secret
    BROWSER = "browser"


class EndReason(StrEnum):
    """Why a session was ended before its time; kept, so that its owner can be told."""

    LOGOUT = "logout"
    LOGOUT_ELSEWHERE = "logout_elsewhere"
    REVOKED_BY_OWNER = "revoked_by_owner"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105  a reason, not a password
    PASSWORD_RESET = "password_reset"  # noqa: S105  as above
    ADDRESS_PROVED = "address_proved"
    EMAIL_CHANGE_UNDONE = "email_change_undone"
    ACCOUNT_DELETED = "account_deleted"
    SIGNED_IN_ANEW = "signed_in_anew"
    REFRESH_TOKEN_REUSE = "refresh_token_reuse"  # noqa: S105  as above
    SIGN_IN_CODE_REUSE = "sign_in_code_reuse"
    TOO_MANY_SESSIONS = "too_many_sessions"
    ROLES_CHANGED = "roles_changed"
    ACCOUNT_BANNED = "account_banned"
    PASSWORD_VOIDED = "password_voided"  # noqa: S105  as above
    ENDED_BY_ADMINISTRATOR = "ended_by_administrator"
    SECOND_FACTOR_REQUIRED = "second_factor_required"
    RESTORED = "restored"  # written by deploy/backup
    EXPIRED = "expired"  # by itself, so that it stands in no row
    COOKIE_REPLACED = "cookie_replaced"  # it goes on, by another cookie: this too stands in no row
    OTHER = "other"

    @classmethod
    def _missing_(cls, _value: object) -> Self:
        """Read a reason that a newer release wrote, while this one still runs beside it."""
        return cls("other")


EXPLANATIONS = {
    EndReason.LOGOUT: "It was signed out.",
    EndReason.LOGOUT_ELSEWHERE: "It was signed out from another of your sessions.",
    EndReason.REVOKED_BY_OWNER: "It was ended from your list of sessions.",
    EndReason.PASSWORD_CHANGED: "The password was changed in another session.",
    EndReason.PASSWORD_RESET: "A new password was set by a link in a mail.",
    EndReason.ADDRESS_PROVED: "Somebody signed in by a mail to this address, which nobody had verified until then.",
    EndReason.EMAIL_CHANGE_UNDONE: "A change of the email address was undone, and all devices were signed out.",
    EndReason.ACCOUNT_DELETED: "The account was deleted.",
    EndReason.SIGNED_IN_ANEW: "Somebody signed in anew in the same browser.",
    EndReason.REFRESH_TOKEN_REUSE: "An old refresh token was used again, so somebody may have copied it.",
    EndReason.SIGN_IN_CODE_REUSE: "The code that it began with was used again, so somebody may have copied it.",
    EndReason.TOO_MANY_SESSIONS: "You signed in elsewhere, and this was the longest unused of too many sessions.",
    EndReason.RESTORED: "The server was restored from a backup: sign in again.",
    EndReason.EXPIRED: "It wasn't used for too long, or had its time.",
    EndReason.COOKIE_REPLACED: "Somebody showed anew in it who they are, and this browser never got the cookie that "
    "came of it. If that wasn't you, end it from your list of sessions.",
    EndReason.OTHER: "It was ended.",
    EndReason.ROLES_CHANGED: "What you may do was changed: sign in again.",
    EndReason.ACCOUNT_BANNED: "The account was banned by an administrator.",
    EndReason.PASSWORD_VOIDED: "An administrator asked for a new password: set one by way of a forgotten one.",
    EndReason.ENDED_BY_ADMINISTRATOR: "It was ended by an administrator.",
    EndReason.SECOND_FACTOR_REQUIRED: "Two factors are required here now: sign in again.",
}
# Ends of a session that somebody else may have had: what it began, and what waits, as another address or a sign-in that
# owes a second factor, is void.
DISTRUSTED = frozenset(
    (
        EndReason.LOGOUT_ELSEWHERE,
        EndReason.REVOKED_BY_OWNER,
        EndReason.REFRESH_TOKEN_REUSE,
        EndReason.SIGN_IN_CODE_REUSE,
        EndReason.ACCOUNT_BANNED,
        EndReason.ENDED_BY_ADMINISTRATOR,
    )
)
_BY_THEMSELVES = (EndReason.LOGOUT, EndReason.SIGNED_IN_ANEW)


@dataclass(frozen=True, slots=True)
class SessionEnd:
    """When and why a session ended."""

    at: datetime
    reason: EndReason

    @property
    def explanation(self) -> str:
        return EXPLANATIONS[self.reason]

    @property
    def forced(self) -> bool:
        """Tell whether its end may surprise whoever held it."""
        return self.reason not in _BY_THEMSELVES


@dataclass(frozen=True, slots=True)
class NewSession:
    """A session about to begin, at generation 1. `secret_hash` is of what its holder shows."""

    session_id: UUID
    user_id: UUID
    secret_hash: bytes
    device: Device
    standing: Standing
    kind: SessionKind = SessionKind.TOKEN


@dataclass(frozen=True, slots=True)
class SessionSummary:
    """What its owner is shown of a session. `end` is none while it lives."""

    session_id: UUID
    kind: SessionKind
    methods: tuple[str, ...]
    device: Device
    created_at: datetime
    authenticated_at: datetime
    last_used_at: datetime
    end: SessionEnd | None

    @property
    def agent(self) -> Agent:
        return read_agent(self.device.user_agent)
