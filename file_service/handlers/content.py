from uuid import UUID

from aiohttp import web

from file_service.context import FILES
from file_service.delivery.deliver import deliver
from file_service.repository.files import FileRepository
from shared.web.context import identity_of


async def download_file(request: web.Request, file_id: UUID) -> web.StreamResponse:
    """Download one of your files.

    Understands a single byte range, If-Range, and the conditional headers; the entity tag is the file's SHA-256.
    """
    file = await FileRepository(request.app[FILES].database).get(identity_of(request).user_id, file_id)
    return await deliver(request, file, may_redirect=True)
