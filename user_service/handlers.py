from functools import partial
from uuid import UUID

from aiohttp import web

from shared.errors import InvalidParameter, Violation
from shared.web.answers import Answer, Page
from shared.web.context import identity_of
from shared.web.etag import named_tags, require_match
from shared.web.paging import decode_cursor, encode_cursor, make_page
from shared.web.programs import require_program
from shared.web.public_url import root_of
from user_service.domain import search_term
from user_service.messages import (
    GoneAvatar,
    Known,
    OwnProfile,
    ProfilePatch,
    PublicProfile,
    SearchQuery,
    present_own,
    present_public,
    read_patch,
)
from user_service.repository import ProfileSearch
from user_service.service import Profiles

PROFILES = web.AppKey("profiles", Profiles)
SEARCH = web.AppKey("search", ProfileSearch)


async def get_own_profile(request: web.Request) -> Answer[OwnProfile]:
    """Read your own profile."""
    profile = await request.app[PROFILES].own(identity_of(request).user_id)
    return Answer(present_own(profile, root_of(request.app)), etag=profile.etag)


async def update_own_profile(request: web.Request, body: ProfilePatch) -> Answer[OwnProfile]:
    """Change your own profile.

    A JSON Merge Patch: a member that is absent stays as it is, and null resets it. With If-Match only that very
    version is changed. `avatar` is a picture of yours that was stored for the purpose `avatar`.
    """
    profiles, user_id = request.app[PROFILES], identity_of(request).user_id
    if changes := read_patch(body):
        profile = await profiles.edit(user_id, changes, named_tags(request))
    else:
        profile = await profiles.own(user_id)
        require_match(request, profile.etag)
    return Answer(present_own(profile, root_of(request.app)), etag=profile.etag)


async def get_profile(request: web.Request, user_id: UUID) -> Answer[PublicProfile]:
    """Read somebody's public profile, or your own."""
    profile = await request.app[PROFILES].visible(user_id, viewer=identity_of(request).user_id)
    return Answer(present_public(profile, root_of(request.app)), etag=profile.etag)


async def search_profiles(request: web.Request, query: SearchQuery) -> Page[PublicProfile]:
    """Find people by a part of their display name.

    A page may hold fewer than `limit`, even none, and not be the last: that is the one without `next_cursor`.
    """
    term = search_term(query.q)
    if term is None:
        detail = "needs three letters or digits"
        raise InvalidParameter("There is too little to search for.", errors=[Violation("q", detail)])
    scope = f"users?q={term}"
    after = decode_cursor(scope, query.cursor)
    found = await request.app[SEARCH].search(term, after, query.limit + 1)
    present = partial(present_public, root=root_of(request.app))
    page = make_page(scope, found.profiles, query.limit, lambda profile: profile.user_id, present)
    if found.upto is not None:
        page.next_cursor = encode_cursor(scope, found.upto)
    return page


async def tell_known(request: web.Request, user_id: UUID) -> Known:
    """Tell all that is known of somebody, for the export of their account."""
    require_program(request, "auth_service")
    profile = await request.app[PROFILES].find(user_id)
    return Known(present_own(profile, root_of(request.app)) if profile is not None else None)


async def drop_avatar(request: web.Request, body: GoneAvatar) -> None:
    """Take note that a file is deleted, which may be somebody's avatar."""
    require_program(request, "file_service")
    await request.app[PROFILES].drop_avatar(body.owner_id, body.file_id)
