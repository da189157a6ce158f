"""The page with all of somebody's files, and the form on it that works without scripts."""

from dataclasses import dataclass
from functools import partial
from typing import Annotated

import msgspec
from aiohttp import web

from file_service.context import FILES, RESUMABLE
from file_service.domain.file import File
from file_service.domain.kinds import Kind, kind_of, preview_of
from file_service.domain.purposes import DEFAULT
from file_service.domain.verdicts import CheckPolicy
from file_service.handlers.pages.notices import notice
from file_service.handlers.pages.takes import Takes
from file_service.repository.files import FileRepository
from file_service.repository.quota import usage_of
from file_service.uploads.incoming import UploadRequest
from shared.web.context import identity_of
from shared.web.pages.answers import PageAnswer, SeeOther, View
from shared.web.pages.streaming import FORM_TOKEN
from shared.web.paging import decode_cursor, encode_cursor, make_page

PATH = "/files"
_SCOPE = "pages of files"
_SHOWN = 24


class ListQuery(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """`newer` is the cursor of a page's first file, to go back from it."""

    cursor: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    newer: Annotated[str, msgspec.Meta(max_length=64)] | None = None


@dataclass(frozen=True, slots=True)
class Room:
    """In bytes, what is taken of what one may have, by unfinished uploads too."""

    taken: int
    quota: int

    @property
    def percent(self) -> int:
        return min(100, round(100 * self.taken / self.quota))


@dataclass(frozen=True, slots=True)
class ShownFile:
    """`is_released`: its bytes may go out. `has_picture`: one can be made of it, to be shown in the list."""

    file: File
    kind: Kind
    is_released: bool
    has_picture: bool


async def show_files(request: web.Request, query: ListQuery) -> PageAnswer:
    """One's files, newest first, and room for more."""
    owner_id, files = identity_of(request).user_id, FileRepository(request.app[FILES].database)
    if (after := decode_cursor(_SCOPE, query.newer)) is not None:
        nearest = await files.list_newer(owner_id, after, _SHOWN + 1)
        if len(nearest) <= _SHOWN:
            return SeeOther(PATH)  # these are the newest
        query = ListQuery(encode_cursor(_SCOPE, nearest[-1].file_id))  # the page behind the one before
    found = await files.list_page(owner_id, decode_cursor(_SCOPE, query.cursor), _SHOWN + 1)
    present = partial(_shown, request.app[FILES].policy)
    page = make_page(_SCOPE, found, _SHOWN, key=lambda file: file.file_id, present=present)
    taken, resumable = await usage_of(request.app[FILES].database, owner_id), request.app[RESUMABLE]
    usage, purpose = Room(taken.bytes + taken.reserved, resumable.limits.quota), resumable.purposes.get(DEFAULT)
    takes = Takes.of(purpose, purpose.largest(resumable.limits.file))
    newer = encode_cursor(_SCOPE, found[0].file_id) if query.cursor and found else ""
    links = {"more": page.next_cursor, "later": query.cursor, "newer": newer}
    return View("files/list.html", {"files": page.items, "usage": usage, "takes": takes, "owner": owner_id, **links})


def _shown(policy: CheckPolicy, file: File) -> ShownFile:
    is_released = policy.releases(file.verdict)
    has_picture = is_released and preview_of(file.content_type) is Kind.PICTURE
    return ShownFile(file, kind_of(file.content_type), is_released, has_picture)


async def upload_on_page(request: web.Request, query: ListQuery) -> SeeOther:  # noqa: ARG001  the page's own query
    context = request.app[FILES]
    upload = UploadRequest(request, "", "", context.stall_seconds, check_token=request[FORM_TOKEN].check)
    await context.uploads.store(identity_of(request).user_id, upload, None)
    return SeeOther(PATH, notice("file_stored"))
