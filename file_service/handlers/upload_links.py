from uuid import UUID

from aiohttp import web

from file_service.context import FILES
from file_service.sharing.context import SHARING
from file_service.sharing.upload_links import UploadLinkWish
from file_service.sharing.views import (
    DroppedView,
    DropQuery,
    DropView,
    NewUploadLinkView,
    UploadLinkRequest,
    UploadLinkView,
    present_drop,
    present_new_upload_link,
    present_upload_link,
)
from file_service.uploads.incoming import UploadRequest
from shared.web.answers import Created, Page
from shared.web.context import identity_of
from shared.web.paging import PageQuery, decode_cursor, make_page

_LIST = "upload-links"


async def create_upload_link(request: web.Request, body: UploadLinkRequest) -> Created[NewUploadLinkView]:
    """Make a link by which others, without an account, can send files to you.

    They count against your quota. The answer alone tells the link: only a hash of its secret is kept.
    """
    sharing = request.app[SHARING]
    wish = UploadLinkWish(body.expires_in, body.max_files, body.max_bytes, body.purpose, body.note)
    link, token = await sharing.upload_links.create(identity_of(request).user_id, wish)
    view = present_new_upload_link(link, sharing.places.upload(token))
    return Created(view, location=f"/v1/files/upload-links/{view.id}")


async def list_upload_links(request: web.Request, query: PageQuery) -> Page[UploadLinkView]:
    """List your upload links, newest first; those that have expired for 30 days more."""
    before = decode_cursor(_LIST, query.cursor)
    owner_id = identity_of(request).user_id
    links = await request.app[SHARING].upload_links.list_page(owner_id, before, query.limit + 1)
    return make_page(_LIST, links, query.limit, key=lambda link: link.link_id, present=present_upload_link)


async def revoke_upload_link(request: web.Request, link_id: UUID) -> None:
    """Revoke an upload link: nothing more comes by it. What came stays."""
    await request.app[SHARING].upload_links.revoke(identity_of(request).user_id, link_id)


async def get_drop(request: web.Request, token: str) -> DropView:
    """Tell what may still be sent by an upload link."""
    sharing = request.app[SHARING]
    link = await sharing.upload_links.look(token)
    return present_drop(link, sharing.purposes.get(link.purpose), sharing.max_bytes)


async def drop_file(request: web.Request, token: str, query: DropQuery) -> Created[DroppedView]:
    """Send a file by an upload link: a form with the file in its part `file`, or the file alone with `?name=`."""
    links = request.app[SHARING].upload_links
    link = await links.look(token)
    upload = UploadRequest(request, query.name, link.purpose, request.app[FILES].stall_seconds)
    stored = await links.store(link, upload)
    view = DroppedView(stored.name, stored.size, stored.content_type, stored.sha256)
    return Created(view, location=f"/v1/files/drop/{token}")
