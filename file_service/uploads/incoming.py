"""Turns a request into a file to take in: a form with one part named `file`, or the bytes alone."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from aiohttp import StreamReader, web
from aiohttp.helpers import parse_mimetype

from file_service.disposition import parameters
from file_service.errors import TooManyParts, UploadStalled
from file_service.uploads.form import MAX_PARTS, FormReader, Part
from shared.errors import MalformedBody, UnsupportedMediaType
from shared.small_reads import small_reads

FORM = "multipart/form-data"
_FIELD = "file"
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
    """`name` goes before the one in a form. Reading waits at most `stall_seconds` for the next bytes."""

    request: web.Request
    name: str
    purpose: str
    stall_seconds: float

    @property
    def least_size(self) -> int:
        """How many bytes the file must have by what the request's head announces."""
        length = self.request.content_length or 0
        return max(0, length - _FORM_OVERHEAD) if self.request.content_type == FORM else length

    async def read(self) -> Incoming:
        """Return the file as soon as its bytes begin.

        Raises MalformedBody, TooManyParts, UnsupportedMediaType or UploadStalled, `chunks` likewise, and
        ConnectionError when the client goes away.
        """
        headers = self.request.headers
        if headers.get("Content-Encoding", "identity").lower() != "identity":
            raise UnsupportedMediaType("Send the file itself, without a content coding.")
        body = _body(self.request, self.stall_seconds)
        if self.request.content_type != FORM:
            return Incoming(self.name, headers.get("Content-Type"), body)
        boundary = parse_mimetype(headers["Content-Type"]).parameters.get("boundary", "")
        part, chunks = await _file_part(FormReader(body, boundary).parts())
        fields = parameters(part.headers["content-disposition"]) or {}
        sent_name = fields.get("filename*", fields.get("filename", ""))
        return Incoming(self.name or sent_name, part.headers.get("content-type"), chunks)


async def _body(request: web.Request, stall_seconds: float) -> AsyncIterator[bytes]:
    with small_reads(request.transport):
        while chunk := await _next(request.content, stall_seconds):
            yield chunk


async def _next(content: StreamReader, stall_seconds: float) -> bytes:
    try:
        async with asyncio.timeout(stall_seconds):
            return await content.readany()
    except TimeoutError as exc:
        raise UploadStalled(f"Nothing came for {stall_seconds:g} s.", headers={"Connection": "close"}) from exc


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
