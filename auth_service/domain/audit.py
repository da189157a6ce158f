"""What is written down of who did what."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from auth_service.domain.devices import Device
from shared.errors import InvalidParameter, Violation


class Action(StrEnum):
    """Permanent names: people filter by them."""

    REGISTERED = "registered"
    SIGNED_IN = "signed_in"
    SIGNED_OUT = "signed_out"
    SESSION_ENDED = "session_ended"
    REFRESH_TOKEN_REUSED = "refresh_token_reused"  # noqa: S105  an action, not a secret
    SIGN_IN_CODE_REUSED = "sign_in_code_reused"
    ACCOUNT_EXPORTED = "account_exported"
    ACCOUNT_DELETED = "account_deleted"
    SIGNING_KEY_CREATED = "signing_key_created"
    SIGNING_KEY_RETIRED = "signing_key_retired"
    SIGNING_KEY_WITHDRAWN = "signing_key_withdrawn"
    IDENTITY_LINKED = "identity_linked"
    IDENTITY_UNLINKED = "identity_unlinked"
    IMPORTED = "imported"  # from another system
    ATTEMPT_REFUSED = "attempt_refused"  # the first of a quarter of an hour: strangers must not fill the disk
    ATTEMPTS_EXHAUSTED = "attempts_exhausted"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105  an action, not a password
    API_KEY_CREATED = "api_key_created"
    API_KEY_DELETED = "api_key_deleted"
    ROLES_CHANGED = "roles_changed"
    ACCOUNT_BANNED = "account_banned"
    ACCOUNT_UNBANNED = "account_unbanned"
    PASSWORD_VOIDED = "password_voided"  # noqa: S105  as above
    SIGNED_OUT_EVERYWHERE = "signed_out_everywhere"
    AUDIT_EXPORTED = "audit_exported"
    SECOND_FACTOR_ASKED = "second_factor_asked"
    SECOND_FACTOR_ENROLMENT_ASKED = "second_factor_enrolment_asked"
    SECOND_FACTOR_REFUSED = "second_factor_refused"
    STEPPED_UP = "stepped_up"
    FACTOR_ADDED = "factor_added"
    FACTOR_REMOVED = "factor_removed"
    FACTORS_RESET = "factors_reset"
    RECOVERY_CODES_MADE = "recovery_codes_made"
    RECOVERY_CODE_USED = "recovery_code_used"
    PASSKEY_COUNTER_REGRESSED = "passkey_counter_regressed"
    EMAIL_VERIFIED = "email_verified"
    EMAIL_CHANGE_REQUESTED = "email_change_requested"
    EMAIL_CHANGED = "email_changed"
    EMAIL_CHANGE_UNDONE = "email_change_undone"
    PASSWORD_RESET = "password_reset"  # noqa: S105  an action, not a password
    MAIL_SETTINGS_CHANGED = "mail_settings_changed"
    RESTORED = "restored"  # the installation, from a backup; written by deploy/backup


_FIRST_YEAR, _LAST_YEAR = 1971, 2200
SYSTEM = UUID(int=0)  # the actor of what nobody signed in did: a command on the server, a timer
NOWHERE = Device("", "")


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """`user_id` is whose account it was about, `actor_id` who did it: none for a stranger, SYSTEM for ourselves.

    `details` hold no secret and no address.
    """

    action: Action
    device: Device
    user_id: UUID | None = None
    actor_id: UUID | None = None
    session_id: UUID | None = None
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Recorded:
    """An entry as it stands in the log. `action` may be one that this release doesn't know any more, or not yet."""

    audit_entry_id: UUID
    at: datetime
    action: str
    user_id: UUID | None
    actor_id: UUID | None
    session_id: UUID | None
    address_prefix: str
    user_agent: str
    details: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Entries that fit all that is given. `since` is included, `until` isn't. Raises InvalidParameter."""

    user_id: UUID | None = None
    actor_id: UUID | None = None
    action: str | None = None
    address_prefix: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def __post_init__(self) -> None:
        for name, at in (("from", self.since), ("to", self.until)):
            if at is not None and not _FIRST_YEAR <= at.year <= _LAST_YEAR:
                rule = f"must lie between {_FIRST_YEAR} and {_LAST_YEAR}"
                raise InvalidParameter(f"The time {rule}.", errors=[Violation(name, rule)])


@dataclass(frozen=True, slots=True)
class Doer:
    """Who does something, signed in by which session, and from where. The system has no session: both are SYSTEM."""

    user_id: UUID
    session_id: UUID
    device: Device

    def did(self, action: Action, user_id: UUID, /, **details: str) -> AuditEntry:
        """Return the entry that tells of it, about the account of `user_id`."""
        session_id = self.session_id if self.session_id != SYSTEM else None
        return AuditEntry(action, self.device, user_id, self.user_id, session_id, details)
