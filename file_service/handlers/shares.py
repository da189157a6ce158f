from uuid import UUID

from aiohttp import web

from file_service.delivery.deliver import deliver
from file_service.sharing.context import SHARING
from file_service.sharing.shares import ShareWish
from file_service.sharing.views import (
    NewShareView,
    SharedFileView,
    ShareRequest,
    ShareView,
    present_new_share,
    present_share,
    present_shared_file,
)
from shared.web.answers import Created, Page
from shared.web.context import identity_of
from shared.web.paging import PageQuery, decode_cursor, make_page


async def create_share(request: web.Request, file_id: UUID, body: ShareRequest) -> Created[NewShareView]:
    """Make a link by which one of your files can be had without an account.

    The answer alone tells the link: only a hash of its secret is kept.
    """
    sharing = request.app[SHARING]
    wish = ShareWish(body.expires_in, body.once, body.password, body.download_name, body.disposition == "inline")
    shared, token = await sharing.shares.create(identity_of(request).user_id, file_id, wish)
    places = sharing.places
    view = present_new_share(shared.share, places.share(token), places.content(f"/v1/files/shared/{token}/content"))
    return Created(view, location=f"/v1/files/{file_id}/shares/{view.id}")


async def list_shares(request: web.Request, file_id: UUID, query: PageQuery) -> Page[ShareView]:
    """List the shares of one of your files, newest first; those that are over for 30 days more."""
    scope = f"shares {file_id}"
    before = decode_cursor(scope, query.cursor)
    owner_id = identity_of(request).user_id
    shares = await request.app[SHARING].shares.list_page(owner_id, file_id, before, query.limit + 1)
    return make_page(scope, shares, query.limit, key=lambda share: share.share_id, present=present_share)


async def revoke_share(request: web.Request, file_id: UUID, share_id: UUID) -> None:
    """Revoke a share: its link stops working at once."""
    await request.app[SHARING].shares.revoke(identity_of(request).user_id, file_id, share_id)


async def get_shared_file(request: web.Request, token: str) -> SharedFileView:
    """Tell what a share's link leads to. It spends nothing, and asks for no password."""
    return present_shared_file(await request.app[SHARING].shares.look(token))


async def download_shared_file(request: web.Request, token: str) -> web.StreamResponse:
    """Download by a share's link; its password, if it has one, is sent in the header Share-Password.

    A share for one download is spent when its bytes begin, and gives no parts; HEAD spends nothing.
    """
    ways = request.app[SHARING].ways
    if (elsewhere := ways.elsewhere(request)) is not None:
        return elsewhere
    return await deliver(request, *await ways.shared(request, token))
