"""Asks file_service about a file that somebody wants to be shown by."""

from dataclasses import dataclass
from uuid import UUID

import msgspec

from shared.events.client import InternalClient
from user_service.errors import InvalidAvatar

_PURPOSE = "avatar"


class _Facts(msgspec.Struct, frozen=True):
    """As file_service tells them; `owner_id` is null where there is no such file."""

    owner_id: UUID | None
    purpose: str
    ready: bool


@dataclass(frozen=True, slots=True)
class Avatars:
    files: InternalClient

    async def require(self, user_id: UUID, file_id: UUID) -> None:
        """Raises InvalidAvatar unless the file is theirs, was stored for this, and may be shown; or Unavailable."""
        facts = self.files.decode(await self.files.get(f"/internal/pictures/{file_id}"), _Facts)
        if facts.owner_id != user_id or facts.purpose != _PURPOSE:
            raise InvalidAvatar("Store a picture of yours for the purpose `avatar` first.")
        if not facts.ready:
            raise InvalidAvatar("The picture is still being checked, or was found to be harmful.")
