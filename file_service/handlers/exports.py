"""For the export of an account: its files, and their bytes."""

from uuid import UUID

from aiohttp import web

from file_service.context import FILES
from file_service.delivery.deliver import send_whole
from file_service.repository.files import FileRepository
from file_service.views import FileView, present
from shared.web.answers import Page
from shared.web.paging import PageQuery, decode_cursor, make_page
from shared.web.programs import require_program

_CALLER = "auth_service"


async def list_known_files(request: web.Request, user_id: UUID, query: PageQuery) -> Page[FileView]:
    """List somebody's files, newest first."""
    require_program(request, _CALLER)
    scope = f"exports {user_id}"
    before = decode_cursor(scope, query.cursor)
    files = await FileRepository(request.app[FILES].database).list_page(user_id, before, query.limit + 1)
    return make_page(scope, files, query.limit, key=lambda file: file.file_id, present=present)


async def export_file(request: web.Request, user_id: UUID, file_id: UUID) -> web.StreamResponse:
    """Send the bytes of one of somebody's files."""
    require_program(request, _CALLER)
    return await send_whole(request, await FileRepository(request.app[FILES].database).get(user_id, file_id))
