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
    PASSWORD_CHANGED = "password_changed"  # noqa: S105  an action, not a password
    IMPORTED = "imported"
    SIGNING_KEY_CREATED = "signing_key_created"
    SIGNING_KEY_RETIRED = "signing_key_retired"
    SIGNING_KEY_WITHDRAWN = "signing_key_withdrawn"


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """`user_id` is whose account it was about, `actor_id` who did it; `details` hold no secret and no address."""

    action: Action
    device: Device
    user_id: UUID | None = None
    actor_id: UUID | None = None
    session_id: UUID | None = None
    details: Mapping[str, str] = field(default_factory=dict)
