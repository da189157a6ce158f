"""What travels: the shapes of requests and answers, and how they become domain values and back."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from shared.errors import Violation
from shared.web.paging import PageQuery
from user_service.domain import (
    MAX_TERM,
    MIN_TERM,
    Changes,
    Keep,
    Profile,
    RuleBroken,
    Visibility,
    normalise_bio,
    normalise_display_name,
)
from user_service.errors import InvalidProfile


class OwnProfile(Struct, frozen=True):
    """A profile as its owner sees it; `display_name` is empty until set.

    `avatar` is one of their files. `avatar_url` is the path of its picture; `?size=64|128|256|512` may be added.
    """

    id: UUID
    display_name: str
    bio: str
    visibility: Visibility
    created_at: datetime
    updated_at: datetime
    avatar: UUID | None
    avatar_url: str | None


class PublicProfile(Struct, frozen=True):
    """A profile as others see it."""

    id: UUID
    display_name: str
    bio: str
    created_at: datetime
    avatar_url: str | None


class Known(Struct, frozen=True):
    """All that this service knows of somebody; `profile` is null where there is none."""

    profile: OwnProfile | None


class ProfilePatch(Struct, frozen=True, forbid_unknown_fields=True):
    """A JSON Merge Patch (RFC 7396): what is absent stays, null resets."""

    display_name: str | UnsetType | None = UNSET
    bio: str | UnsetType | None = UNSET
    visibility: Visibility | UnsetType | None = UNSET
    avatar: UUID | UnsetType | None = UNSET


class GoneAvatar(Struct, frozen=True, forbid_unknown_fields=True):
    """A file that was somebody's avatar, perhaps, and is deleted."""

    owner_id: UUID
    file_id: UUID


class SearchQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`q` is part of a display name; neither case nor accents count."""

    q: Annotated[str, Meta(min_length=MIN_TERM, max_length=MAX_TERM)]


def present_own(profile: Profile, root: str) -> OwnProfile:
    return OwnProfile(
        profile.user_id,
        profile.display_name,
        profile.bio,
        profile.visibility,
        profile.created_at,
        profile.updated_at,
        profile.avatar,
        avatar_url(profile.avatar, root),
    )


def present_public(profile: Profile, root: str) -> PublicProfile:
    return PublicProfile(
        profile.user_id, profile.display_name, profile.bio, profile.created_at, avatar_url(profile.avatar, root)
    )


def avatar_url(avatar: UUID | None, root: str) -> str | None:
    return f"{root}/v1/files/avatars/{avatar}" if avatar is not None else None


def read_patch(patch: ProfilePatch) -> Changes:
    """Return the changes that a patch asks for. Raises InvalidProfile, which names every field at fault."""
    violations: list[Violation] = []

    def text(field: str, value: str | UnsetType | None, rule: Callable[[str], str]) -> str | None:
        if isinstance(value, UnsetType):
            return None
        try:
            return rule(value) if value is not None else ""
        except RuleBroken as exc:
            violations.append(Violation(f"/{field}", str(exc)))
            return None

    changes = Changes(
        display_name=text("display_name", patch.display_name, normalise_display_name),
        bio=text("bio", patch.bio, normalise_bio),
        visibility=None if isinstance(patch.visibility, UnsetType) else patch.visibility or Visibility.PUBLIC,
        avatar=Keep.KEEP if isinstance(patch.avatar, UnsetType) else patch.avatar,
    )
    if violations:
        raise InvalidProfile(errors=violations)
    return changes
