from dataclasses import replace
from uuid import UUID

from aiohttp import web
from msgspec import UNSET

from file_service.context import FILES
from file_service.delivery.deliver import deliver
from file_service.domain.file import File
from file_service.domain.purposes import Purposes
from file_service.inspection.acceptance import accepted_name
from file_service.repository.files import FileRepository
from file_service.sharing.context import SHARING
from file_service.views import ContentQuery, FilePatch, FileView, metadata_etag, present
from shared.web.answers import Answer
from shared.web.context import identity_of
from shared.web.etag import require_match


async def change_file(request: web.Request, file_id: UUID, body: FilePatch) -> Answer[FileView]:
    """Rename one of your files, or publish it.

    A public file is readable by anybody at `/v1/files/public/{file_id}`. A JSON Merge Patch: a member that is absent
    stays as it is. With If-Match only that very version is changed. The name becomes a harmless label; its
    extension must fit the content.
    """
    async with request.app[FILES].database.transaction() as connection:
        files = FileRepository(connection)
        file = await files.get_to_change(identity_of(request).user_id, file_id)
        require_match(request, metadata_etag(file))
        changed = _patched(file, body, request.app[SHARING].purposes)
        await files.change(changed)
    return Answer(present(changed), etag=metadata_etag(changed))


def _patched(file: File, patch: FilePatch, purposes: Purposes) -> File:
    name = file.name if patch.name is UNSET else accepted_name(purposes, file, patch.name)
    public = file.public if patch.public is UNSET else patch.public
    return replace(file, name=name, public=public)


async def download_public_file(request: web.Request, file_id: UUID, query: ContentQuery) -> web.StreamResponse:
    """Download a public file: no account is needed.

    `?inline=true` has a browser show it, if its type can't run anything there. Understands what other downloads do.
    """
    ways = request.app[SHARING].ways
    if (elsewhere := ways.elsewhere(request)) is not None:
        return elsewhere
    return await deliver(request, *await ways.public(file_id, inline=query.inline))
