"""Turns a request into a file to take in: a form with one part named `file`, or the bytes alone."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web
from aiohttp.helpers import parse_mimetype

from file_service.disposition import parameters
from file_service.domain.sharing import UploadLink
from file_service.errors import NoFileChosen, TooManyParts
from file_service.uploads.form import MAX_PARTS, FormReader, Part
from file_service.uploads.socket_reads import Content, reading, stalled
from shared.errors import BadRequest, MalformedBody, UnsupportedMediaType
from shared.web.pages.forms import TOKEN_FIELD

FORM = "multipart/form-data"
_FIELD = "file"
_MAX_TOKEN_BYTES = 256
_MAX_FIELD_BYTES = 65_536
_PLAIN_ENCODINGS = frozenset({"", "7bit", "8bit", "binary"})
_FORM_OVERHEAD = MAX_PARTS * _MAX_FIELD_BYTES  # what a form may hold beside the file; more is refused on reading


@dataclass(frozen=True, slots=True)
class Incoming:
    """`name` and `declared_type` are as the client sent them."""

    name: str
    declared_type: str | None
    chunks: AsyncIterator[bytes]


@dataclass(frozen=True, slots=True)
class UploadRequest:
    """`name` goes before the one in a form. Reading waits at most `stall_seconds` for the next bytes.

    `check_token` is for the form of a page, which begins with its token: it raises for one that isn't ours.
    `link` is the upload link by which a stranger sends it.
    """

    request: web.Request
    name: str
    purpose: str
    stall_seconds: float
    check_token: Callable[[str], None] | None = None
    link: UploadLink | None = None

    @property
    def least_size(self) -> int:
        """How many bytes the file must have by what the request's head announces."""
        length = self.request.content_length or 0
        return max(0, length - _FORM_OVERHEAD) if self.request.content_type == FORM else length

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Incoming]:
        """Lend the file as soon as its bytes begin.

        However it ends, what reads the body is closed with the context: generators that are left amid their work would
        keep its socket, and its place in memory, until they are collected.

        Raises MalformedBody, TooManyParts, UnsupportedMediaType or UploadStalled, `chunks` likewise, and
        ConnectionError when the client goes away. For a page's form also NoFileChosen, and what its check raises.
        """
        headers = self.request.headers
        if headers.get("Content-Encoding", "identity").lower() != "identity":
            raise UnsupportedMediaType("Send the file itself, without a content coding.")
        if "Content-Range" in headers:  # RFC 9110, section 14.5: a part isn't to be taken for all
            raise BadRequest("Send all of the file; who goes on where it broke off does so by tus.")
        with reading(self.request) as content:
            body = _body(content, self.stall_seconds)
            if self.request.content_type == FORM:
                yield await self._of_form(body)
            else:
                yield Incoming(self.name, headers.get("Content-Type"), body)

    async def _of_form(self, body: AsyncIterator[bytes]) -> Incoming:
        boundary = parse_mimetype(self.request.headers["Content-Type"]).parameters.get("boundary", "")
        parts = FormReader(body, boundary).parts()
        if self.check_token is not None:
            self.check_token(await _token(parts))
        part, chunks = await _file_part(parts)
        fields = parameters(part.headers["content-disposition"]) or {}
        sent_name = fields.get("filename*", fields.get("filename", ""))
        if self.check_token is not None and not sent_name:  # what browsers send where nothing was chosen
            raise NoFileChosen
        return Incoming(self.name or sent_name, part.headers.get("content-type"), chunks)


async def _body(content: Content, stall_seconds: float) -> AsyncIterator[bytes]:
    while chunk := await _next(content, stall_seconds):
        yield chunk


async def _next(content: Content, stall_seconds: float) -> bytes:
    try:
        async with asyncio.timeout(stall_seconds):
            return await content.readany()
    except TimeoutError as exc:
        raise stalled(content, stall_seconds) from exc


async def _token(parts: AsyncIterator[Part]) -> str:
    """Return the token that a page's form begins with; empty where it begins otherwise."""
    first = await anext(parts, None)
    if first is None or _field_name(first) != TOKEN_FIELD:
        return ""
    token = b""
    async for chunk in first.chunks:
        token += chunk
        if len(token) > _MAX_TOKEN_BYTES:
            return ""
    return token.decode("ascii", "replace")


async def _file_part(parts: AsyncIterator[Part]) -> tuple[Part, AsyncIterator[bytes]]:
    """Return the part named `file`, and its bytes, which end well only if the rest of the form is in order."""
    async for part in parts:
        if _field_name(part) == _FIELD:
            if part.headers.get("content-transfer-encoding", "").lower() not in _PLAIN_ENCODINGS:
                raise MalformedBody("The part `file` must not be encoded.")
            return part, _with_rest(part, parts)
        await _skip(part)
    raise MalformedBody("The form has no part named `file`.")


async def _with_rest(file: Part, parts: AsyncIterator[Part]) -> AsyncIterator[bytes]:
    async for chunk in file.chunks:
        yield chunk
    async for part in parts:
        if _field_name(part) == _FIELD:
            raise MalformedBody("The form has more than one part named `file`.")
        await _skip(part)


def _field_name(part: Part) -> str:
    fields = parameters(part.headers.get("content-disposition", ""))
    if fields is None or "name" not in fields:
        raise MalformedBody("A part of the form has no name.")
    if "filename" in fields and fields["name"] != _FIELD:
        raise MalformedBody("Send one file, in the part named `file`.")
    return fields["name"]


async def _skip(part: Part) -> None:
    """Other fields are let pass, as browsers' forms have them, when they are small."""
    size = 0
    async for chunk in part.chunks:
        size += len(chunk)
        if size > _MAX_FIELD_BYTES:
            raise TooManyParts(f"A field beside the file may have {_MAX_FIELD_BYTES} bytes.")
