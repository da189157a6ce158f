"""Resumable uploads: tus 1.0.0 (https://tus.io/protocols/resumable-upload)."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from aiohttp import web

from file_service.context import FILES, RESUMABLE
from file_service.domain.uploads import Kind, Upload
from file_service.errors import UploadLengthExceeded, UploadTakesNoBytes
from file_service.uploads.resumable.body import Body
from file_service.uploads.resumable.passing import check_digest
from file_service.uploads.resumable.protocol import (
    VERSION,
    Checksum,
    Creation,
    Patch,
    check_bytes,
    check_version,
    protocol_headers,
    read_checksum,
    read_creation,
    read_patch,
    upload_headers,
)
from file_service.uploads.socket_reads import reading
from file_service.views import UploadView, present_upload
from shared.errors import AppError, MethodNotAllowed
from shared.web.answers import Answer, Created, NoContent
from shared.web.context import identity_of
from shared.web.public_url import PUBLIC_URL, root_of

P = ParamSpec("P")
T = TypeVar("T")


def in_tus(handler: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """Refuse requests of another version of the protocol, and name ours in refusals too."""

    @wraps(handler)
    async def checked(*args: P.args, **kwargs: P.kwargs) -> T:
        request = args[0]
        assert isinstance(request, web.Request)
        try:
            check_version(request.headers)
            return await handler(*args, **kwargs)
        except AppError as exc:
            exc.headers["Tus-Resumable"] = VERSION
            raise

    return checked


async def tell_upload_protocol(request: web.Request) -> NoContent:
    """Tell what resumable uploads can do here: version, extensions, the largest size, checksums."""
    return NoContent(protocol_headers(request.app[RESUMABLE].limits.file))


@in_tus
async def create_upload(request: web.Request) -> Created[UploadView]:
    """Begin a resumable upload, whose URL is in `Location`.

    Needs `Upload-Length`, or `Upload-Defer-Length: 1`; `Upload-Metadata` may have `filename`, `filetype` and `purpose`.
    A body of type application/offset+octet-stream is the upload's first bytes. `Upload-Concat: partial` makes one that
    becomes part of a file by `Upload-Concat: final;URL URL ...`.
    """
    resumable, owner_id = request.app[RESUMABLE], identity_of(request).user_id
    creation = read_creation(request.headers, root_of(request.app))
    checksum = read_checksum(request.headers)
    await check_first_bytes(request, creation, checksum)
    upload, token = await resumable.create(owner_id, creation)
    upload = await take_first_bytes(request, upload, checksum)
    location = f"{request.app[PUBLIC_URL]}/v1/files/uploads/{token}"
    return Created(present_upload(upload), headers=upload_headers(upload), location=location)


@in_tus
async def get_upload(request: web.Request, token: str) -> Answer[UploadView]:
    """Tell how many bytes of an upload are kept (`Upload-Offset`), and until when.

    A finished one names its file in `Content-Location`.
    """
    upload = await request.app[RESUMABLE].get(identity_of(request).user_id, token)
    return Answer(present_upload(upload), headers=upload_headers(upload))


@in_tus
async def append_to_upload(request: web.Request, token: str) -> NoContent:
    """Add bytes to an upload at `Upload-Offset`, which must be where it is.

    What came before a connection broke is kept, but for requests with `Upload-Checksum`. The answer to the last bytes
    names the file in `Content-Location`.
    """
    patch = read_patch(request.headers)
    upload = await request.app[RESUMABLE].prepare(identity_of(request).user_id, token, patch)
    return NoContent(upload_headers(await take_bytes(request, upload, patch)))


@in_tus
async def end_upload(request: web.Request, token: str) -> NoContent:
    """End an upload and give back what it has reserved; one that is finished goes with its file."""
    await request.app[RESUMABLE].end(identity_of(request).user_id, token)
    return NoContent({"Tus-Resumable": VERSION})


async def override_method(request: web.Request, token: str) -> NoContent:
    """Do what `X-HTTP-Method-Override` says, PATCH or DELETE, for clients that can't send those."""
    method = request.headers.get("X-HTTP-Method-Override", "").upper()
    if method == "PATCH":
        return await append_to_upload(request, token)
    if method == "DELETE":
        return await end_upload(request, token)
    raise MethodNotAllowed(headers={"Allow": "DELETE, GET, HEAD, PATCH"})


async def check_first_bytes(request: web.Request, creation: Creation, checksum: Checksum | None) -> None:
    """Call it before anything is made. What needs no bytes becomes a file at once, which nothing then takes back: so
    none come beside it.

    Raises UnsupportedMediaType, UploadTakesNoBytes, UploadLengthExceeded, ChecksumMismatch, and why a body broke off.
    """
    if not request.body_exists:
        return
    check_bytes(request.headers)
    is_final = creation.kind is Kind.FINAL
    if not is_final and creation.length != 0:
        return
    if request.content_length or await _has_bytes(request):
        raise UploadTakesNoBytes if is_final else UploadLengthExceeded
    if checksum is not None:
        check_digest(checksum, checksum.new_hash().digest())


async def _has_bytes(request: web.Request) -> bool:
    """Wait for the first of a body that doesn't say how long it is, or for its end."""
    with reading(request) as content:
        body = Body(content, None, request.app[RESUMABLE].limits.file, request.app[FILES].stall_seconds)
        has_more = await body.has_more()
    if body.failure is not None:
        raise body.failure
    return has_more


async def take_first_bytes(request: web.Request, upload: Upload, checksum: Checksum | None) -> Upload:
    """Return the upload with what came beside its creation, if anything did; where that fails, it is given up."""
    if upload.is_complete or not request.body_exists:
        return upload
    try:
        return await take_bytes(request, upload, Patch(0, None, checksum))
    except BaseException:
        await request.app[RESUMABLE].abandon(upload)  # nobody has learnt its URL
        raise


async def take_bytes(request: web.Request, upload: Upload, patch: Patch) -> Upload:
    """Return the upload with the request's bytes added. Raises what `Resumable.append` does."""
    resumable = request.app[RESUMABLE]
    with reading(request) as content:
        length = request.content_length if request.body_exists else 0
        body = Body(content, length, resumable.room(upload), request.app[FILES].stall_seconds)
        return await resumable.append(upload, body, patch)
