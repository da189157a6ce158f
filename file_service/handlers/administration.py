"""What administrators do about a file that somebody has published: see whose it is, and take it down.

They see what is known of it, and not its bytes: those go the ways that their owner has opened.
"""

from uuid import UUID

from aiohttp import web

from file_service.context import FILES
from file_service.domain.sharing import SHARE_LABEL
from file_service.repository.files import FileRepository
from file_service.repository.reported import ReportedFileRepository
from file_service.views import ReportedFileView, present_reported
from shared.errors import NotFound
from shared.logs import log
from shared.opaque_tokens import digest, is_sound
from shared.web.context import identity_of


async def get_any_file(request: web.Request, file_id: UUID) -> ReportedFileView:
    """Read what is known of anybody's file, and whose it is."""
    return present_reported(*await ReportedFileRepository(request.app[FILES].database).get(file_id))


async def get_any_shared_file(request: web.Request, token: str) -> ReportedFileView:
    """Read which file a share's link leads to, given the secret that the link ends with, and whose it is.

    It spends nothing, asks for no password, and knows links that are over until they are forgotten.
    """
    if not is_sound(token, SHARE_LABEL):
        raise NotFound
    return present_reported(*await ReportedFileRepository(request.app[FILES].database).get_shared(digest(token)))


async def delete_any_file(request: web.Request, file_id: UUID) -> None:
    """Delete anybody's file, as its owner might: with it go its shares, signed URLs and pictures."""
    context = request.app[FILES]
    async with context.database.transaction() as connection:
        file, _ = await ReportedFileRepository(connection).get(file_id)
        await FileRepository(connection).delete(file.owner_id, file_id)
    context.collector.nudge()
    named = {"colonnade.file.id": str(file_id), "colonnade.file.owner": str(file.owner_id)}
    log.info("file_taken_down", **{"user.id": str(identity_of(request).user_id)}, **named)
