"""The page of one file: what it is, a look at it, and what can be done with it."""

from dataclasses import replace
from uuid import UUID

from aiohttp import web

from file_service.context import FILES
from file_service.delivery.deliver import read_beginning
from file_service.domain.file import File
from file_service.domain.kinds import Kind, kind_of, preview_of
from file_service.handlers.pages.fields import LIFETIMES, USUAL_LIFETIME, PublishForm, RenameForm
from file_service.handlers.pages.files import PATH
from file_service.handlers.pages.notices import notice
from file_service.handlers.pages.showing import can_answer_a_form, can_be_shown
from file_service.inspection.acceptance import accepted_name
from file_service.repository.files import FileRepository
from file_service.sharing.context import SHARING
from shared.web.context import identity_of
from shared.web.pages.answers import SeeOther, View

_MOST_TEXT = 16_384  # bytes of a text that are shown
_MOST_SHARES = 100


async def show_file(request: web.Request, file_id: UUID) -> View:
    """One file of one's own, and the links to it."""
    owner_id, sharing, context = identity_of(request).user_id, request.app[SHARING], request.app[FILES]
    file = await FileRepository(context.database).get(owner_id, file_id)
    is_released = context.policy.releases(file.verdict)
    preview = preview_of(file.content_type) if is_released else None
    values = {
        "file": file,
        "kind": kind_of(file.content_type),
        "is_released": is_released,
        "preview": preview,
        "text": await _beginning(request, file) if preview is Kind.TEXT else "",
        "is_cut": file.size > _MOST_TEXT,
        "can_be_shown": can_be_shown(file.content_type),
        "can_answer_a_form": can_answer_a_form(file.content_type, sharing.places),
        "public_url": sharing.places.content(f"/v1/files/public/{file_id}"),
        "shares": await sharing.shares.list_page(owner_id, file_id, None, _MOST_SHARES),
        "lifetimes": LIFETIMES,
        "usual_lifetime": USUAL_LIFETIME,
    }
    return View("files/one.html", values)


async def rename_on_page(request: web.Request, file_id: UUID, body: RenameForm) -> SeeOther:
    async with request.app[FILES].database.transaction() as connection:
        files = FileRepository(connection)
        file = await files.get_to_change(identity_of(request).user_id, file_id)
        name = accepted_name(request.app[SHARING].purposes, file, body.name)
        await files.change(replace(file, name=name))
    return SeeOther(f"{PATH}/{file_id}", notice("file_renamed"))


async def publish_on_page(request: web.Request, file_id: UUID, body: PublishForm) -> SeeOther:
    async with request.app[FILES].database.transaction() as connection:
        files = FileRepository(connection)
        file = await files.get_to_change(identity_of(request).user_id, file_id)
        await files.change(replace(file, public=body.public))
    return SeeOther(f"{PATH}/{file_id}", notice("file_published" if body.public else "file_made_private"))


async def delete_on_page(request: web.Request, file_id: UUID) -> SeeOther:
    context = request.app[FILES]
    async with context.database.transaction() as connection:
        await FileRepository(connection).delete(identity_of(request).user_id, file_id)
    context.collector.nudge()
    return SeeOther(PATH, notice("file_deleted"))


async def _beginning(request: web.Request, file: File) -> str:
    """Return what a text begins with, to be shown as text, whatever it may be."""
    raw = await read_beginning(request, file, _MOST_TEXT)
    encoding = "utf-16" if raw.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    return raw.decode(encoding, errors="replace").replace("\0", "\ufffd")
