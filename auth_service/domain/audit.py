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
