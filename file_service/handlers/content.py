"""Sends the bytes of a file: whole, in part, or not at all when the client has them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from aiohttp import web

from file_service.context import FILES, FileContext
from file_service.domain import File
from file_service.download_headers import download_headers, last_modified, validators
from file_service.metrics import BYTES_SERVED
from file_service.ranges import ByteRange, if_range_holds, requested_range
from file_service.repository.files import FileRepository
from file_service.storage.contract import Blob, BlobMissing
from shared.errors import InternalError, PreconditionFailed
from shared.logs import log
from shared.web.context import identity_of
from shared.web.etag import matches_none, require_match


async def download_file(request: web.Request, file_id: UUID) -> web.StreamResponse:
    """Download one of your files.

    Understands a single byte range, If-Range, and the conditional headers; the entity tag is the file's SHA-256.
    """
    context = request.app[FILES]
    file = await FileRepository(context.database).get(identity_of(request).user_id, file_id)
    _check_preconditions(request, file)
    if _is_known(request, file):
        return web.Response(status=304, headers=validators(file))
    part = _requested_part(request, file)
    headers = download_headers(file) | ({"Content-Range": part.content_range} if part else {})
    response = web.StreamResponse(status=206 if part else 200, headers=headers)
    return await _deliver(request, response, file, part or ByteRange(0, file.size, file.size))


async def send_whole(request: web.Request, file: File) -> web.StreamResponse:
    """Answer with the bytes alone, whatever is asked for in headers."""
    response = web.StreamResponse(headers={"Content-Type": "application/octet-stream"})
    return await _deliver(request, response, file, ByteRange(0, file.size, file.size))


async def _deliver(
    request: web.Request, response: web.StreamResponse, file: File, part: ByteRange
) -> web.StreamResponse:
    response.content_length = part.length
    if request.method == "HEAD":
        await response.prepare(request)
        return response
    async with _opened(request.app[FILES], file) as blob:
        await _send(request, response, blob, part)
    return response


def _check_preconditions(request: web.Request, file: File) -> None:
    """RFC 9110, section 13.2.2: If-Match goes before If-Unmodified-Since."""
    if "If-Match" in request.headers:
        require_match(request, file.sha256.hex())
    elif (unchanged_since := request.if_unmodified_since) and last_modified(file) > unchanged_since:
        raise PreconditionFailed


def _is_known(request: web.Request, file: File) -> bool:
    if "If-None-Match" in request.headers:
        return matches_none(request, file.sha256.hex())
    since = request.if_modified_since
    return since is not None and last_modified(file) <= since


def _requested_part(request: web.Request, file: File) -> ByteRange | None:
    """Ranges are defined for GET alone."""
    asked = request.headers.getall("Range", [])
    if request.method != "GET" or len(asked) != 1:
        return None
    if not if_range_holds(request.headers.get("If-Range"), file.sha256.hex(), last_modified(file)):
        return None
    return requested_range(asked[0], file.size)


@asynccontextmanager
async def _opened(context: FileContext, file: File) -> AsyncIterator[Blob]:
    """Raises NotFound when the file has been deleted since its row was read."""
    try:
        async with context.storage.open(file.storage_key) as blob:
            yield blob
    except BlobMissing as exc:
        await FileRepository(context.database).get(file.owner_id, file.file_id)
        log.error("blob_missing", exc, **{"file.id": str(file.file_id)})
        raise InternalError from exc


async def _send(request: web.Request, response: web.StreamResponse, blob: Blob, part: ByteRange) -> None:
    """Send at the reader's pace, up to a point: one who stands still doesn't hold the file open for ever."""
    stall_seconds = request.app[FILES].stall_seconds
    await response.prepare(request)
    try:
        async for chunk in blob.read(part.start, part.length):
            async with asyncio.timeout(stall_seconds):
                await response.write(chunk)
            BYTES_SERVED.inc(len(chunk))
        async with asyncio.timeout(stall_seconds):
            await response.write_eof()
    except TimeoutError as exc:
        if request.transport is not None:
            request.transport.abort()
        raise ConnectionResetError("the reader stood still") from exc
