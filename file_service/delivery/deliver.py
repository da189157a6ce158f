"""Sends the bytes of a file: whole, in part, or not at all when the client has them."""

import asyncio

from aiohttp import web

from file_service.context import FILES
from file_service.delivery import kernel_copy
from file_service.delivery.content import OpenContent
from file_service.delivery.headers import download_headers, last_modified, lasting_headers
from file_service.delivery.manner import OWN, Manner, Spend
from file_service.delivery.ranges import ByteRange, if_range_holds, requested_range
from file_service.delivery.redirect import redirected
from file_service.domain.file import File
from file_service.metrics import BYTES_SERVED
from shared.errors import NotFound, PreconditionFailed
from shared.web.etag import matches_none, require_match


async def deliver(request: web.Request, file: File, manner: Manner = OWN) -> web.StreamResponse:
    """Answer GET or HEAD for `file`, which the caller may have in this `manner`.

    Understands a single byte range, If-Range, and the conditional headers; the entity tag is the file's SHA-256.
    What may be had once is only had whole, whatever else is asked for. Raises FileQuarantined, FileInfected,
    FileUnchecked, PreconditionFailed, RangeNotSatisfiable, and what opening the content and `manner.spend` raise.
    """
    context = request.app[FILES]
    context.policy.require_release(file.verdict)
    if manner.spend is not None:
        headers = download_headers(file, manner, is_utf8=await context.charsets.is_utf8(file))
        response = web.StreamResponse(headers=headers)
        return await _answer(request, response, file, _whole(file), manner.spend)
    _check_preconditions(request, file)
    if _is_known(request, file):
        return web.Response(status=304, headers=lasting_headers(file, manner))
    part = _requested_part(request, file)
    headers = download_headers(file, manner, is_utf8=await context.charsets.is_utf8(file))
    if manner.may_redirect and (elsewhere := await redirected(request, file, headers)) is not None:
        return elsewhere
    headers |= {"Content-Range": part.content_range} if part else {}
    response = web.StreamResponse(status=206 if part else 200, headers=headers)
    return await _answer(request, response, file, part or _whole(file))


async def send_whole(request: web.Request, file: File) -> web.StreamResponse:
    """Answer with the bytes alone, whatever is asked for in headers. Raises NotFound where they mustn't go out."""
    if not request.app[FILES].policy.releases(file.verdict):
        raise NotFound
    response = web.StreamResponse(headers={"Content-Type": "application/octet-stream"})
    return await _answer(request, response, file, _whole(file))


async def read_beginning(request: web.Request, file: File, most: int) -> bytes:
    """Return the first bytes, at most that many, for a page of ours to show in a way that can hurt nobody.

    Raises FileQuarantined, FileInfected, FileUnchecked, and what opening the content raises.
    """
    request.app[FILES].policy.require_release(file.verdict)
    return await request.app[FILES].content.beginning(file, most)


def _whole(file: File) -> ByteRange:
    return ByteRange(0, file.size, file.size)


async def _answer(
    request: web.Request, response: web.StreamResponse, file: File, part: ByteRange, spend: Spend | None = None
) -> web.StreamResponse:
    """A download is spent when its bytes are at hand, before the first is sent: what we can't send costs nothing."""
    response.content_length = part.length
    if request.method == "HEAD":
        await response.prepare(request)
        return response
    async with request.app[FILES].content.open(file, part.start, part.length) as opened:
        if spend is not None:
            await spend()
        await _send(request, response, opened, part)
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


async def _send(request: web.Request, response: web.StreamResponse, content: OpenContent, part: ByteRange) -> None:
    """Send at the reader's pace, up to a point: one who stands still doesn't hold the file open for ever."""
    stall_seconds = request.app[FILES].stall_seconds
    await response.prepare(request)
    left = kernel_copy.share(request, content, part)
    try:
        async for chunk in content.read(part.start, part.length - left):
            async with asyncio.timeout(stall_seconds):
                await response.write(chunk)
            BYTES_SERVED.inc(len(chunk))
        if left:
            rest = content.runs(part.start + part.length - left, left)
            async for taken in kernel_copy.copy(request, rest, stall_seconds):
                BYTES_SERVED.inc(taken)
        async with asyncio.timeout(stall_seconds):
            await response.write_eof()
    except TimeoutError as exc:
        if request.transport is not None:
            request.transport.abort()
        raise ConnectionResetError("the reader stood still") from exc
