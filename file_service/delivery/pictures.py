"""Sends a picture made of a file, to whoever may have the file itself."""

from aiohttp import web

from file_service.context import FILES
from file_service.delivery.deliver import send
from file_service.delivery.headers import picture_headers
from file_service.domain.file import File
from file_service.pictures.specification import Specification


async def deliver_picture(
    request: web.Request, file: File, specification: Specification, *, public: bool = False
) -> web.StreamResponse:
    """Answer GET or HEAD with a picture of `file`, which the caller may have; `public` where everybody may.

    Raises FileQuarantined, FileInfected, FileUnchecked, and what making the picture and `send` raise.
    """
    context = request.app[FILES]
    context.policy.require_release(file.verdict)
    picture = await context.renditions.get(file, specification)
    return await send(request, picture, picture_headers(picture, public=public))
