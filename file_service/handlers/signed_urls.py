from datetime import UTC, datetime
from uuid import UUID

from aiohttp import web

from file_service.delivery.deliver import deliver
from file_service.sharing.context import SHARING
from file_service.sharing.views import SignedUrlRequest, SignedUrlView
from shared.web.answers import Answer
from shared.web.context import identity_of


async def sign_url(request: web.Request, file_id: UUID, body: SignedUrlRequest) -> Answer[SignedUrlView]:
    """Make a URL by which one of your files can be read until it expires: for a browser or another program.

    It can't be taken back, but by deleting the file.
    """
    sharing = request.app[SHARING]
    path, expires = await sharing.ways.sign(identity_of(request).user_id, file_id, body)
    view = SignedUrlView(sharing.places.content(path), datetime.fromtimestamp(expires, UTC))
    return Answer(view)


async def download_signed_file(request: web.Request, file_id: UUID) -> web.StreamResponse:
    """Download by a signed URL, which is used as it was given: whatever is changed in it makes it invalid."""
    ways = request.app[SHARING].ways
    if (elsewhere := ways.elsewhere(request)) is not None:
        return elsewhere
    return await deliver(request, *await ways.signed(request.path, request.query, file_id))
