"""What a file is taken for. The bytes decide; what the client declared only refines what they show.

The answer is a label: however it comes out, downloads are attachments that no browser sniffs or runs, and nothing is
given out as a script or a style sheet (delivery/headers.py).
"""

import re

import filetype  # type: ignore[import-untyped]  # it has none

from file_service.inspection.markup import markup_type

UNKNOWN = "application/octet-stream"
TEXT = "text/plain"

_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+\-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+\-]{0,126}")
_BINARY = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")  # what the WHATWG's MIME sniffing calls binary data bytes
_PDF, _PDF_WITHIN = b"%PDF-", 1024  # where readers look for it, and scanners put something before
_PDF_BEHIND_SPACE = re.compile(rb"(\xef\xbb\xbf)?\s*%PDF-")  # a text may speak of it, but doesn't begin with it
# The container of old office documents, and of new ones that have a password.
_OLE, _OLE_SIGNATURE = "application/x-ole-storage", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
# What clients send when they don't know: curl and forms.
_UNDECLARED = frozenset(
    {"", UNKNOWN, "binary/octet-stream", "application/x-www-form-urlencoded", "multipart/form-data"}
)
_TEXTUAL = re.compile(
    r"application/(ecmascript|javascript|json|jsonl|mbox|n-triples|pem-certificate-chain|pgp-keys|pgp-signature|rtf|sql"
    r"|toml|trig|x-bibtex|x-httpd-php|x-javascript|x-ndjson|x-pem-file|x-perl|x-php|x-python|x-ruby|x-sh|x-subrip"
    r"|x-tex|x-yaml|yaml|.+\+json)|message/rfc822|model/(obj|gltf\+json)"
)
_TEXT_SIGNATURES = frozenset({"application/pdf", "application/rtf", "application/postscript"})
# Formats that are built on another one, which is all that a signature shows.
ZIPPED = r"application/(epub\+zip|java-archive|x-cbz|.+\+zip)|model/3mf"
GZIPPED = r"application/(x-gtar|x-tgz|x-compressed-tar|.+\+gzip)"
OFFICE = (
    r"application/(msword|x-ole-storage"
    r"|vnd\.(ms-(excel|powerpoint|word)|openxmlformats-officedocument|oasis\.opendocument)(\..+)?)"
)
_BUILT_ON = {
    "application/zip": re.compile(rf"application/vnd\..+|{ZIPPED}"),
    "application/gzip": re.compile(GZIPPED),
    "application/msword": re.compile(r"application/vnd\.ms-.+"),
    _OLE: re.compile(r"application/(msword|vnd\..+)"),
    "video/webm": re.compile(r"audio/webm"),
    "video/mp4": re.compile(r"audio/(mp4|x-m4a)|video/(quicktime|x-m4v)"),
    "audio/ogg": re.compile(r"video/ogg|application/ogg|audio/opus"),
}
_SHOWS = re.compile(f"{ZIPPED}|{GZIPPED}|{OFFICE}")  # by what it is built on
_RECOGNISED = frozenset(kind.mime for kind in filetype.types) - {UNKNOWN}
_BY_SIGNATURE_ONLY = ("image/", "audio/", "video/", "font/")


def stored_type(head: bytes, declared: str | None) -> str:
    """Return the media type to keep for a file that begins with `head` and was sent as `declared`."""
    wanted = _essence(declared)
    if not head:
        return wanted or UNKNOWN
    markup = markup_type(head)
    if markup is not None:
        return wanted if markup == "application/xml" and wanted.endswith(("+xml", "/xml")) else markup
    if _is_text(head):
        return _text_type(head, wanted)
    return _binary_type(head, wanted)


def is_recognised(content_type: str) -> bool:
    """Tell whether it shows by a signature."""
    return content_type in _RECOGNISED


def is_textual(content_type: str) -> bool:
    return (
        content_type.startswith(("text/", "message/"))
        or content_type.endswith(("+xml", "/xml"))
        or content_type in _TEXT_SIGNATURES
        or _TEXTUAL.fullmatch(content_type) is not None
    )


def _essence(declared: str | None) -> str:
    """Return `type/subtype` in lower case, or nothing where the client declared nothing that we can use."""
    essence = (declared or "").partition(";")[0].strip().lower()
    return essence if essence not in _UNDECLARED and _MEDIA_TYPE.fullmatch(essence) else ""


def _is_text(head: bytes) -> bool:
    return head.startswith(_UTF16) or _BINARY.search(head) is None


def _text_type(head: bytes, wanted: str) -> str:
    """A few formats open with readable bytes; "BM" or "GIF89a" at the start of a text are no picture."""
    if _PDF_BEHIND_SPACE.match(head[:_PDF_WITHIN]):
        return "application/pdf"
    signature = filetype.guess_mime(head)
    if signature in _TEXT_SIGNATURES:
        return str(signature)
    return wanted if wanted.startswith("text/") or _TEXTUAL.fullmatch(wanted) else TEXT


def _binary_type(head: bytes, wanted: str) -> str:
    signature = filetype.guess_mime(head) or _further_signature(head)
    if signature is None:
        return wanted if _is_plausible(wanted) else UNKNOWN
    built_on = _BUILT_ON.get(signature)
    return wanted if built_on is not None and built_on.fullmatch(wanted) else str(signature)


def _further_signature(head: bytes) -> str | None:
    if _PDF in head[:_PDF_WITHIN]:
        return "application/pdf"
    return _OLE if head.startswith(_OLE_SIGNATURE) else None


def _is_plausible(wanted: str) -> bool:
    """Tell whether bytes without a known signature may be what was declared: nothing we would have known, no text."""
    return bool(wanted) and not (
        wanted in _RECOGNISED
        or _SHOWS.fullmatch(wanted)
        or _TEXTUAL.fullmatch(wanted)
        or wanted.startswith(("text/", "multipart/", "message/", *_BY_SIGNATURE_ONLY))
        or wanted.endswith(("+xml", "/xml"))
    )
