"""What a download says of itself. Whatever a file is, no browser shows, sniffs or runs it in our origin.

Nor as a part of one of our pages: a page takes a script or a style sheet from its own origin whatever these headers say
but for its type. So nothing goes out as one; only what is known of the file tells that it is.
"""

import base64
import re
from datetime import UTC, datetime
from email.utils import format_datetime

from file_service.delivery.manner import Manner
from file_service.disposition import attachment, inline
from file_service.domain.file import File
from file_service.inspection.content_types import TEXT, UNKNOWN

# All of the WHATWG's JavaScript MIME types (MIME Sniffing, 4.6), for scripts, modules and workers; and style sheets.
_TAKEN_BY_PAGES = re.compile(
    r"(application|text)/(x-)?(java|ecma)script|text/javascript1\.[0-5]|text/(jscript|livescript|css)"
)
_TAKEN_BY_SCRIPTS = "application/wasm"
_TELLS_BY_ITSELF = re.compile(r"text/(html|xml|.+\+xml)")  # markup says its encoding in its first lines


def lasting_headers(file: File, manner: Manner) -> dict[str, str]:
    """Return what a cache goes by, and what it must know anew where it has the bytes: also sent with 304.

    The entity tag tells of the bytes alone, and the file may have another name by now. The policy goes along, so that
    nobody in between adds one of theirs, which would be kept in place of ours (RFC 9111, section 3.2).
    """
    name = manner.name or file.name
    return {
        "ETag": f'"{file.sha256.hex()}"',
        "Last-Modified": format_datetime(last_modified(file), usegmt=True),
        "Cache-Control": manner.cache_control,
        "Content-Disposition": inline(name) if manner.shows(file.content_type) else attachment(name),
        "Content-Security-Policy": manner.policy(file.content_type),
    }


def download_headers(file: File, manner: Manner, *, is_utf8: bool) -> dict[str, str]:
    """`is_utf8`: it is a text in that encoding, as Charsets tells."""
    digest = base64.b64encode(file.sha256).decode()
    return lasting_headers(file, manner) | {
        "Accept-Ranges": "none" if manner.spend else "bytes",
        "Content-Type": _harmless_type(file.content_type) + ("; charset=utf-8" if is_utf8 else ""),
        "X-Content-Type-Options": "nosniff",
        "Repr-Digest": f"sha-256=:{digest}:",  # RFC 9530: of the whole file, also beside a part of it
    }


def names_charset(content_type: str) -> bool:
    """Tell whether what is stored as this goes out as a text of which only the header can tell the encoding."""
    sent = _harmless_type(content_type)
    return sent.startswith("text/") and _TELLS_BY_ITSELF.fullmatch(sent) is None


def _harmless_type(content_type: str) -> str:
    if content_type == _TAKEN_BY_SCRIPTS:
        return UNKNOWN
    return TEXT if _TAKEN_BY_PAGES.fullmatch(content_type) else content_type


def last_modified(file: File) -> datetime:
    """HTTP's dates have whole seconds."""
    return file.created_at.astimezone(UTC).replace(microsecond=0)
