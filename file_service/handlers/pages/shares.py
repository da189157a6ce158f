"""Links to a file, on its page."""

from uuid import UUID

from aiohttp import web

from file_service.handlers.pages.fields import ShareForm
from file_service.handlers.pages.files import PATH
from file_service.handlers.pages.notices import notice
from file_service.sharing.context import SHARING
from shared.web.context import identity_of
from shared.web.pages.answers import SeeOther


async def share_on_page(request: web.Request, file_id: UUID, body: ShareForm) -> SeeOther:
    """The link is told by the page that follows, once."""
    sharing = request.app[SHARING]
    _, token = await sharing.shares.create(identity_of(request).user_id, file_id, body.wish())
    return SeeOther(f"{PATH}/{file_id}", notice("share_made", link=sharing.places.share(token)))


async def revoke_share_on_page(request: web.Request, file_id: UUID, share_id: UUID) -> SeeOther:
    await request.app[SHARING].shares.revoke(identity_of(request).user_id, file_id, share_id)
    return SeeOther(f"{PATH}/{file_id}", notice("share_revoked"))
