"""The page of one file: what it is, a look at it, and what can be done with it."""

from uuid import UUID

from aiohttp import web

from file_service.context import FILES
from file_service.domain.file import File
from file_service.domain.kinds import Kind, kind_of, preview_of
from file_service.handlers.pages.files import PATH
from file_service.handlers.pages.notices import notice
from file_service.repository.files import FileRepository
from shared.web.context import identity_of
from shared.web.pages.answers import SeeOther, View

_MOST_TEXT = 16_384  # bytes of a text that are shown


async def show_file(request: web.Request, file_id: UUID) -> View:
    """One file of one's own."""
    context = request.app[FILES]
    file = await FileRepository(context.database).get(identity_of(request).user_id, file_id)
    preview = preview_of(file.content_type)
    text = await _beginning(request, file) if preview is Kind.TEXT else ""
    values = {"file": file, "kind": kind_of(file.content_type), "preview": preview, "text": text}
    return View("files/one.html", values | {"is_cut": file.size > _MOST_TEXT})


async def delete_on_page(request: web.Request, file_id: UUID) -> SeeOther:
    context = request.app[FILES]
    async with context.database.transaction() as connection:
        await FileRepository(connection).delete(identity_of(request).user_id, file_id)
    context.collector.nudge()
    return SeeOther(PATH, notice("file_deleted"))


async def _beginning(request: web.Request, file: File) -> str:
    """Return what a text begins with. It is shown as text, whatever it may be."""
    async with request.app[FILES].content.open(file) as content:
        raw = b"".join([chunk async for chunk in content.read(0, min(file.size, _MOST_TEXT))])
    encoding = "utf-16" if raw.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    return raw.decode(encoding, errors="replace").replace("\0", "\ufffd")
