"""Upload-Metadata: `key base64,key base64`. A file's name, type and purpose are known; others are kept as they came."""

import base64
import binascii
import re

from file_service.errors import MalformedUploadHeader

MOST_BYTES = 4096
_KNOWN = {"filename": "name", "name": "name", "filetype": "type", "type": "type", "purpose": "purpose"}
_KEY = re.compile(r"[\x21-\x2b\x2d-\x7e]+")  # ASCII without spaces and commas


def read_metadata(header: str) -> dict[str, str]:
    """Return what is known of it as `name`, `type` and `purpose`; `filename` goes before `name`.

    Raises MalformedUploadHeader.
    """
    if len(header.encode(errors="surrogateescape")) > MOST_BYTES:
        raise MalformedUploadHeader(f"Upload-Metadata may have {MOST_BYTES} bytes.")
    pairs: dict[str, bytes] = {}
    for pair in header.split(",") if header else ():
        key, _, value = pair.strip(" ").partition(" ")
        if not _KEY.fullmatch(key) or key in pairs:
            raise MalformedUploadHeader("Upload-Metadata has a key that is malformed or there twice.")
        pairs[key] = _decoded(value)
    known: dict[str, str] = {}
    for key, ours in _KNOWN.items():
        if key in pairs and ours not in known:
            known[ours] = _text(key, pairs[key])
    if "\0" in known.get("type", ""):  # a name with one is made harmless, as all names are
        raise MalformedUploadHeader("The type in Upload-Metadata is none.")
    return known


def _decoded(value: str) -> bytes:
    try:
        return base64.b64decode(value.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error) as exc:
        raise MalformedUploadHeader("Upload-Metadata has a value that isn't in Base64.") from exc


def _text(key: str, value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError as exc:
        raise MalformedUploadHeader(f"The {key} in Upload-Metadata isn't in UTF-8.") from exc
