"""What the gateway can't judge by itself: a browser's cookie, an API key. And whom a good one stands for."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from auth_service.domain.standing import Standing

USE_STEP = timedelta(minutes=5)  # uses are written down no finer than this: a busy credential costs few writes


class CredentialKind(StrEnum):
    BROWSER_SESSION = "browser_session"
    API_KEY = "api_key"


@dataclass(frozen=True, slots=True)
class Holder:
    """`credential_id` is the session's or the key's. `expires_at`: until when it is good unless it is revoked.

    A key has no `standing`: nobody proves anything when a program uses it, and it has no roles.
    """

    user_id: UUID
    credential_id: UUID
    scopes: tuple[str, ...]
    standing: Standing | None
    expires_at: datetime | None
