"""Links by which others send files: their owner's page of them."""

from uuid import UUID

from aiohttp import web

from file_service.domain.purposes import DEFAULT
from file_service.handlers.pages.fields import LIFETIMES, PURPOSES, USUAL_LIFETIME, UploadLinkForm
from file_service.handlers.pages.notices import notice
from file_service.handlers.pages.takes import Takes
from file_service.sharing.context import SHARING
from shared.web.context import identity_of
from shared.web.pages.answers import SeeOther, View

PATH = "/files/upload-links"
_SHOWN = 100


async def show_upload_links(request: web.Request) -> View:
    """One's upload links, and the form to make another."""
    sharing = request.app[SHARING]
    purposes = sharing.purposes.by_name.values()
    values = {
        "links": await sharing.upload_links.list_page(identity_of(request).user_id, None, _SHOWN),
        "lifetimes": LIFETIMES,
        "usual_lifetime": USUAL_LIFETIME,
        "purposes": [(each.name, Takes.of(each, each.largest(sharing.max_bytes))) for each in purposes],
        "usual_purpose": DEFAULT,
        "labels": dict(PURPOSES),
    }
    return View("files/upload_links.html", values)


async def make_upload_link_on_page(request: web.Request, body: UploadLinkForm) -> SeeOther:
    sharing = request.app[SHARING]
    _, token = await sharing.upload_links.create(identity_of(request).user_id, body.wish())
    return SeeOther(PATH, notice("upload_link_made", link=sharing.places.upload(token)))


async def revoke_upload_link_on_page(request: web.Request, link_id: UUID) -> SeeOther:
    await request.app[SHARING].upload_links.revoke(identity_of(request).user_id, link_id)
    return SeeOther(PATH, notice("upload_link_revoked"))
