"""What is written down of who did what."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from auth_service.domain.devices import Device


class Action(StrEnum):
    """Permanent names: people filter by them."""

    REGISTERED = "registered"
    SIGNED_IN = "signed_in"
    SIGNED_OUT = "signed_out"
    SESSION_ENDED = "session_ended"
    REFRESH_TOKEN_REUSED = "refresh_token_reused"  # noqa: S105  an action, not a secret
    ACCOUNT_EXPORTED = "account_exported"
    ACCOUNT_DELETED = "account_deleted"
    SECOND_FACTOR_ASKED = "second_factor_asked"
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


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """`user_id` is whose account it was about, `actor_id` who did it; `details` hold no secret and no address."""

    action: Action
    device: Device
    user_id: UUID | None = None
    actor_id: UUID | None = None
    session_id: UUID | None = None
    details: Mapping[str, str] = field(default_factory=dict)
