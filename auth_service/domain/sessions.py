"""A session: one sign-in of one person on one device."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from auth_service.domain.devices import Device
from auth_service.domain.standing import Standing


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
    EMAIL_CHANGE_UNDONE = "email_change_undone"
    ACCOUNT_DELETED = "account_deleted"
    SIGNED_IN_ANEW = "signed_in_anew"
    REFRESH_TOKEN_REUSE = "refresh_token_reuse"  # noqa: S105  as above


EXPLANATIONS = {
    EndReason.LOGOUT: "It was signed out.",
    EndReason.LOGOUT_ELSEWHERE: "It was signed out from another of your sessions.",
    EndReason.REVOKED_BY_OWNER: "It was ended from your list of sessions.",
    EndReason.PASSWORD_CHANGED: "The password was changed in another session.",
    EndReason.PASSWORD_RESET: "A new password was set by a link in a mail.",
    EndReason.EMAIL_CHANGE_UNDONE: "A change of the email address was undone, and all devices were signed out.",
    EndReason.ACCOUNT_DELETED: "The account was deleted.",
    EndReason.SIGNED_IN_ANEW: "Somebody signed in anew in the same browser.",
    EndReason.REFRESH_TOKEN_REUSE: "An old refresh token was used again, so somebody may have copied it.",
}


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
    """What its owner is shown of a session."""

    session_id: UUID
    user_agent: str
    address_prefix: str
    created_at: datetime
    last_used_at: datetime
