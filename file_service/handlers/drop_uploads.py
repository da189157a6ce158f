"""Resumable uploads by an upload link: tus 1.0.0, as for one's own, but for concatenation and lengths told later."""

from aiohttp import web

from file_service.context import RESUMABLE
from file_service.domain.uploads import Upload
from file_service.handlers.uploads import check_first_bytes, in_tus, take_bytes, take_first_bytes
from file_service.sharing.context import SHARING
from file_service.sharing.resumable_drops import ResumableDrops
from file_service.sharing.views import DropUploadView, present_drop_upload
from file_service.uploads.resumable.protocol import (
    VERSION,
    protocol_headers,
    read_checksum,
    read_creation,
    read_patch,
    upload_headers,
)
from shared.web.answers import Answer, Created, NoContent
from shared.web.public_url import PUBLIC_URL, root_of

_EXTENSIONS = "creation,creation-with-upload,checksum,expiration,termination"


def _drops(request: web.Request) -> ResumableDrops:
    return ResumableDrops(request.app[SHARING].upload_links, request.app[RESUMABLE])


def _headers(upload: Upload) -> dict[str, str]:
    """Tell where the upload stands, and not which file of its owner's it has become."""
    return {name: value for name, value in upload_headers(upload).items() if name != "Content-Location"}


async def tell_drop_protocol(request: web.Request, token: str) -> NoContent:
    """Tell what resumable uploads by a link can do here."""
    del token  # whether it is one isn't told here
    return NoContent(protocol_headers(request.app[RESUMABLE].limits.file) | {"Tus-Extension": _EXTENSIONS})


@in_tus
async def create_drop_upload(request: web.Request, token: str) -> Created[DropUploadView]:
    """Begin a resumable upload by a link, whose URL is in `Location`.

    Needs `Upload-Length`; `Upload-Metadata` may have `filename` and `filetype`. A body of type
    application/offset+octet-stream is the upload's first bytes.
    """
    creation, checksum = read_creation(request.headers, root_of(request.app)), read_checksum(request.headers)
    await check_first_bytes(request, creation, checksum)
    upload, upload_token = await _drops(request).create(token, creation)
    upload = await take_first_bytes(request, upload, checksum)
    location = f"{request.app[PUBLIC_URL]}/v1/files/drop/{token}/uploads/{upload_token}"
    return Created(present_drop_upload(upload), headers=_headers(upload), location=location)


@in_tus
async def get_drop_upload(request: web.Request, token: str, upload: str) -> Answer[DropUploadView]:
    """Tell how many bytes of an upload by a link are kept (`Upload-Offset`), and until when."""
    found = await _drops(request).get(token, upload)
    return Answer(present_drop_upload(found), headers=_headers(found))


@in_tus
async def append_to_drop_upload(request: web.Request, token: str, upload: str) -> NoContent:
    """Add bytes to an upload by a link at `Upload-Offset`, which must be where it is."""
    patch = read_patch(request.headers)
    found = await _drops(request).prepare(token, upload, patch)
    return NoContent(_headers(await take_bytes(request, found, patch)))


@in_tus
async def end_drop_upload(request: web.Request, token: str, upload: str) -> NoContent:
    """End an upload by a link that isn't finished."""
    await _drops(request).end(token, upload)
    return NoContent({"Tus-Resumable": VERSION})
