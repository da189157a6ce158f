"""One canonical form of a request's path: what is matched and authorised is, byte for byte, what is forwarded.

Refused, because two readers could take it for two paths: an empty segment (`//`), a dot segment (`.`, `..`), anything
outside RFC 3986's path characters (`\\`, controls, raw non-ASCII), path parameters (`;`), and the encoded forms of all
of these and of `/ % ? #`. That makes double encoding (`%252e`) impossible, and no honest client encodes a dot.
Canonicalised, because it is harmless: percent-encoded letters, digits, `-`, `_` and `~` are decoded, hex digits become
upper case. The rest (`%20`, UTF-8) stays encoded. A trailing slash is kept: it names another path.
"""

import re
from string import ascii_letters, digits
from urllib.parse import unquote_to_bytes

from shared.errors import AppError

_UNRESERVED = ascii_letters + digits + "-_~"
_PLAIN = frozenset(_UNRESERVED + "./:@!$&'()*+,=")
# Nothing in it needs a second look: no percent, no dot, no empty segment. Most paths are such.
_OBVIOUS = re.compile(r"(?:/[A-Za-z0-9_~:@!$&'()*+,=-]+)+/?|/")
_AMBIGUOUS = frozenset(b"./\\%;?#")
_FIRST_PRINTABLE, _DELETE = 0x20, 0x7F


class BadPath(AppError):
    code, status, title = "bad_path", 400, "The path is ambiguous or malformed"


def canonical_path(raw_path: str) -> str:
    """The canonical form of a request target's path part (no query), or BadPath. Idempotent."""
    if _OBVIOUS.fullmatch(raw_path):
        return raw_path
    if not raw_path.startswith("/"):
        raise BadPath("The request target must be an absolute path.")
    path = _recoded(raw_path) if "%" in raw_path else raw_path
    if not _PLAIN.issuperset(path.replace("%", "")):
        raise BadPath("The path holds a character that must not stand in it.")
    if "//" in path or ("/." in path and _has_dot_segment(path)):
        raise BadPath("The path holds an empty or a dot segment.")
    return path


def _has_dot_segment(path: str) -> bool:
    segments = path.split("/")
    return "." in segments or ".." in segments


def _recoded(raw_path: str) -> str:
    first, *rest = raw_path.split("%")
    try:
        path = first + "".join([_CANONICAL[part[:2]] + part[2:] for part in rest])
    except KeyError:
        raise BadPath("The path holds a percent-encoding that is malformed or ambiguous.") from None
    if not path.isascii() or not _decodes_to_text(path):
        raise BadPath("The path's percent-encoding is not UTF-8 text.")
    return path


def _decodes_to_text(path: str) -> bool:
    try:
        text = unquote_to_bytes(path).decode()
    except UnicodeDecodeError:
        return False
    return not any("\x7f" <= char <= "\x9f" for char in text)  # C1 controls; C0 is never in the table


def _canonical_octet(octet: int) -> str:
    char = chr(octet)
    return char if char in _UNRESERVED else f"%{octet:02X}"


def _spellings(octet: int) -> set[str]:
    upper, lower = f"{octet:02X}", f"{octet:02x}"
    return {upper, lower, upper[0] + lower[1], lower[0] + upper[1]}


# Every acceptable pair of hex digits, in any case, and what it becomes; whatever is missing here is refused.
_CANONICAL = {
    spelling: _canonical_octet(octet)
    for octet in range(_FIRST_PRINTABLE, 256)
    if octet not in _AMBIGUOUS and octet != _DELETE
    for spelling in _spellings(octet)
}
