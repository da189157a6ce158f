"""What the page shows, and what its forms do: as the API has it, but for a form that is out of date."""

from typing import Annotated
from uuid import UUID

import msgspec
from aiohttp import web

from shared.errors import PreconditionFailed
from shared.web.context import identity_of
from shared.web.pages.answers import SeeOther, View
from shared.web.pages.notices import Notice
from shared.web.public_url import root_of
from user_service.domain import Changes, Visibility
from user_service.errors import StaleProfile
from user_service.handlers import PROFILES
from user_service.messages import ProfilePatch, avatar_url, read_patch

PATH = "/account/profile"
MESSAGES = {
    "profile_saved": "Your profile is saved.",
    "picture_chosen": "You are shown by this picture now.",
    "picture_removed": "You are shown by no picture any more.",
}


class ProfileQuery(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """`picture` is a file of one's own that was stored as an avatar, and isn't the one yet."""

    picture: UUID | None = None


class ProfileForm(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """`version` is the one that the form was filled with; an empty text resets."""

    version: Annotated[str, msgspec.Meta(max_length=20)]
    visibility: Visibility
    display_name: str = ""
    bio: str = ""

    def patch(self) -> ProfilePatch:
        return ProfilePatch(self.display_name.strip() or None, self.bio, self.visibility)


class PictureForm(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    picture: UUID


async def show_profile(request: web.Request, query: ProfileQuery) -> View:
    """One's own profile, and the picture that may become its avatar."""
    profile = await request.app[PROFILES].own(identity_of(request).user_id)
    root = root_of(request.app)
    offered = query.picture if query.picture != profile.avatar else None
    values = {
        "profile": profile,
        "picture": avatar_url(profile.avatar, root),
        "offered": offered,
        "offered_picture": avatar_url(offered, root),
    }
    return View("profile/profile.html", values)


async def save_profile(request: web.Request, query: ProfileQuery, body: ProfileForm) -> SeeOther:  # noqa: ARG001  the page's own query
    """Raises InvalidProfile, or StaleProfile: another window must not undo what this one doesn't know of."""
    changes = read_patch(body.patch())
    try:
        await request.app[PROFILES].edit(identity_of(request).user_id, changes, [body.version])
    except PreconditionFailed:
        raise StaleProfile from None
    return SeeOther(PATH, Notice("profile_saved"))


async def choose_picture(request: web.Request, query: ProfileQuery, body: PictureForm) -> SeeOther:  # noqa: ARG001  as above
    await request.app[PROFILES].edit(identity_of(request).user_id, Changes(avatar=body.picture), None)
    return SeeOther(PATH, Notice("picture_chosen"))


async def remove_picture(request: web.Request, query: ProfileQuery) -> SeeOther:  # noqa: ARG001  as above
    await request.app[PROFILES].edit(identity_of(request).user_id, Changes(avatar=None), None)
    return SeeOther(PATH, Notice("picture_removed"))
