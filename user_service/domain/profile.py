from dataclasses import dataclass
from datetime import datetime
from enum import Enum, StrEnum
from typing import NamedTuple
from uuid import UUID


class Visibility(StrEnum):
    PUBLIC = "public"
    PRIVATE = "private"  # its owner alone sees it


class Profile(NamedTuple):
    """`display_name` is empty until its owner sets one. `version` grows by one with every change."""

    user_id: UUID
    display_name: str
    bio: str
    visibility: Visibility
    created_at: datetime
    updated_at: datetime
    version: int
    avatar: UUID | None = None  # the file that shows them
    banned: bool = False

    @property
    def etag(self) -> str:
        return str(self.version)

    def visible_to(self, user_id: UUID) -> bool:
        return (self.visibility is Visibility.PUBLIC and not self.banned) or self.user_id == user_id


@dataclass(frozen=True, slots=True)
class Found:
    """A part of a search's result, in order of ids; `upto` is the last id looked at, if it isn't known what follows."""

    profiles: list[Profile]
    upto: UUID | None


class Keep(Enum):
    """What leaves a field as it is where None means something."""

    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class Changes:
    """Normalised values to set; None leaves a field as it is, and an empty text resets it. No avatar is None."""

    display_name: str | None = None
    bio: str | None = None
    visibility: Visibility | None = None
    avatar: UUID | Keep | None = Keep.KEEP

    def __bool__(self) -> bool:
        return self != Changes()
