"""tus 1.0.0 as headers: what is asked in them, read strictly, and what is told in them.

https://tus.io/protocols/resumable-upload. Whatever is malformed, out of range or there twice is refused.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import format_datetime
from typing import Any

from multidict import CIMultiDictProxy

from file_service.domain.uploads import Kind, Upload
from file_service.errors import MalformedUploadHeader, TusVersionUnsupported
from file_service.uploads.resumable.metadata import read_metadata
from shared.errors import UnsupportedMediaType

VERSION = "1.0.0"
EXTENSIONS = (
    "creation", "creation-with-upload", "creation-defer-length", "checksum", "expiration", "termination",
    "concatenation",
)  # fmt: skip
ALGORITHMS = ("sha256", "sha1", "md5")
BYTES = "application/offset+octet-stream"
MOST_PARTIALS = 100  # of one final upload; the request's head has no room for many more

_NUMBER = re.compile("[0-9]{1,19}")
_MOST = 2**63 - 1
_REFERENCE = re.compile(r"(?:https?://[^/?#\s]+)?([^?#\s]*)/v1/files/uploads/([^/?#\s]+)")

Headers = CIMultiDictProxy[str]


@dataclass(frozen=True, slots=True)
class Checksum:
    algorithm: str
    digest: bytes

    def new_hash(self) -> Any:
        return hashlib.new(self.algorithm, usedforsecurity=False)


@dataclass(frozen=True, slots=True)
class Creation:
    """`length` is None where it is told later; `parts` are the tokens of what a final upload is made of.

    `concat` is the header that names them, as it came.
    """

    kind: Kind
    length: int | None
    raw_metadata: str
    metadata: Mapping[str, str]
    parts: Sequence[str] = field(default=())
    concat: str | None = None


@dataclass(frozen=True, slots=True)
class Patch:
    """What comes with bytes: `length` tells that of an upload whose length was deferred."""

    offset: int
    length: int | None
    checksum: Checksum | None


def check_version(headers: Headers) -> None:
    """Raises TusVersionUnsupported."""
    if headers.getall("Tus-Resumable", []) != [VERSION]:
        raise TusVersionUnsupported(f"Send `Tus-Resumable: {VERSION}`.", headers={"Tus-Version": VERSION})


def read_creation(headers: Headers, root: str) -> Creation:
    """`root` is the path that clients see before ours. Raises MalformedUploadHeader."""
    raw = _single(headers, "Upload-Metadata") or ""
    kind, parts = _concat(headers, root)
    length, deferred = _number(headers, "Upload-Length"), _single(headers, "Upload-Defer-Length")
    if deferred not in (None, "1"):
        raise MalformedUploadHeader("Upload-Defer-Length is 1, if it is there.")
    if kind is Kind.FINAL and (length is not None or deferred):
        raise MalformedUploadHeader("A final upload's length is that of its parts.")
    if kind is not Kind.FINAL and (length is None) == (deferred is None):
        raise MalformedUploadHeader("Send either Upload-Length or Upload-Defer-Length.")
    concat = _single(headers, "Upload-Concat") if kind is Kind.FINAL else None
    return Creation(kind, length, raw, read_metadata(raw), parts, concat)


def read_patch(headers: Headers) -> Patch:
    """Raises MalformedUploadHeader or UnsupportedMediaType."""
    check_bytes(headers)
    offset = _number(headers, "Upload-Offset")
    if offset is None:
        raise MalformedUploadHeader("Upload-Offset is missing.")
    return Patch(offset, _number(headers, "Upload-Length"), read_checksum(headers))


def check_bytes(headers: Headers) -> None:
    """Raises UnsupportedMediaType unless the body is bytes of an upload."""
    if headers.get("Content-Type", "").partition(";")[0].strip().lower() != BYTES:
        raise UnsupportedMediaType(f"Send the bytes as {BYTES}.")
    if headers.get("Content-Encoding", "identity").lower() != "identity":
        raise UnsupportedMediaType("Send the bytes themselves, without a content coding.")


def read_checksum(headers: Headers) -> Checksum | None:
    """Raises MalformedUploadHeader."""
    value = _single(headers, "Upload-Checksum")
    if value is None:
        return None
    algorithm, _, encoded = value.partition(" ")
    if algorithm not in ALGORITHMS:
        raise MalformedUploadHeader(f"Checksums may be {', '.join(ALGORITHMS)}.")
    checksum = Checksum(algorithm, _decoded(encoded))
    if len(checksum.digest) != checksum.new_hash().digest_size:
        raise MalformedUploadHeader(f"Upload-Checksum has no {algorithm} in it.")
    return checksum


def protocol_headers(largest: int) -> dict[str, str]:
    """Return what OPTIONS tells."""
    return {
        "Tus-Resumable": VERSION,
        "Tus-Version": VERSION,
        "Tus-Extension": ",".join(EXTENSIONS),
        "Tus-Max-Size": str(largest),
        "Tus-Checksum-Algorithm": ",".join(ALGORITHMS),
    }


def upload_headers(upload: Upload) -> dict[str, str]:
    """Return what every answer about an upload tells: where it stands, and how long it is kept or what it became."""
    told = {"Tus-Resumable": VERSION, "Upload-Offset": str(upload.received), "Cache-Control": "no-store"}
    if upload.length is None:
        told["Upload-Defer-Length"] = "1"
    else:
        told["Upload-Length"] = str(upload.length)
    if upload.kind is not Kind.WHOLE:
        told["Upload-Concat"] = "partial" if upload.kind is Kind.PARTIAL else upload.concat or "final;"
    if upload.metadata:
        told["Upload-Metadata"] = upload.metadata
    if upload.is_finished:
        told["Content-Location"] = f"/v1/files/{upload.upload_id}"
    else:
        told["Upload-Expires"] = format_datetime(upload.expires_at.astimezone(UTC), usegmt=True)
    return told


def _concat(headers: Headers, root: str) -> tuple[Kind, Sequence[str]]:
    value = _single(headers, "Upload-Concat")
    if value is None:
        return Kind.WHOLE, ()
    if value == "partial":
        return Kind.PARTIAL, ()
    if not (value.isascii() and value.isprintable()):
        raise MalformedUploadHeader("Upload-Concat has characters that no URL has.")
    form, _, references = value.partition(";")
    parts = [_token(reference, root) for reference in references.split()]
    if form != "final" or not 0 < len(parts) <= MOST_PARTIALS or len(set(parts)) != len(parts):
        raise MalformedUploadHeader(f"Upload-Concat is partial, or final;URL URL ... with at most {MOST_PARTIALS}.")
    return Kind.FINAL, parts


def _token(reference: str, root: str) -> str:
    """Return the token in an upload's URL. Its host says nothing: what counts is whose the upload is."""
    match = _REFERENCE.fullmatch(reference)
    if match is None or match[1] not in ("", root):
        raise MalformedUploadHeader("Upload-Concat names what is no upload.")
    return match[2]


def _single(headers: Headers, name: str) -> str | None:
    values = headers.getall(name, [])
    if len(values) > 1:
        raise MalformedUploadHeader(f"{name} is there more than once.")
    return values[0].strip(" \t") if values else None


def _number(headers: Headers, name: str) -> int | None:
    value = _single(headers, name)
    if value is None:
        return None
    if not _NUMBER.fullmatch(value) or int(value) > _MOST:
        raise MalformedUploadHeader(f"{name} is no number of bytes.")
    return int(value)


def _decoded(encoded: str) -> bytes:
    try:
        return base64.b64decode(encoded.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error) as exc:
        raise MalformedUploadHeader("Upload-Checksum isn't in Base64.") from exc
