"""For the export of an account: its files, their bytes, and the links to them."""

from uuid import UUID

from aiohttp import web

from file_service.context import FILES
from file_service.delivery.deliver import send_whole
from file_service.repository.files import FileRepository
from file_service.repository.shares import ShareRepository
from file_service.repository.upload_links import UploadLinkRepository
from file_service.sharing.views import ShareView, UploadLinkView, present_share, present_upload_link
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


async def list_known_shares(request: web.Request, user_id: UUID, query: PageQuery) -> Page[ShareView]:
    """List the shares of somebody's files, newest first."""
    require_program(request, _CALLER)
    scope = f"exported shares {user_id}"
    before = decode_cursor(scope, query.cursor)
    shares = await ShareRepository(request.app[FILES].database).list_of_owner(user_id, before, query.limit + 1)
    return make_page(scope, shares, query.limit, key=lambda share: share.share_id, present=present_share)


async def list_known_upload_links(request: web.Request, user_id: UUID, query: PageQuery) -> Page[UploadLinkView]:
    """List somebody's upload links, newest first."""
    require_program(request, _CALLER)
    scope = f"exported upload links {user_id}"
    before = decode_cursor(scope, query.cursor)
    links = await UploadLinkRepository(request.app[FILES].database).list_page(user_id, before, query.limit + 1)
    return make_page(scope, links, query.limit, key=lambda link: link.link_id, present=present_upload_link)


async def export_file(request: web.Request, user_id: UUID, file_id: UUID) -> web.StreamResponse:
    """Send the bytes of one of somebody's files."""
    require_program(request, _CALLER)
    return await send_whole(request, await FileRepository(request.app[FILES].database).get(user_id, file_id))
