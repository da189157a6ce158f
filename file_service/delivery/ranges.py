"""Which bytes a request asks for (RFC 9110, section 14). Pure; every odd request costs the same small work."""

import re
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

from file_service.errors import RangeNotSatisfiable

_MAX_LENGTH = 100  # characters; a longer header asks for nothing that makes sense
_ONE = re.compile(r"([0-9]+)-([0-9]*)|-([0-9]+)")


@dataclass(frozen=True, slots=True)
class ByteRange:
    """`length` bytes from `start`, of a file of `size`."""

    start: int
    length: int
    size: int

    @property
    def content_range(self) -> str:
        return f"bytes {self.start}-{self.start + self.length - 1}/{self.size}"


def requested_range(header: str, size: int) -> ByteRange | None:
    """Return the one range to send, or None for the whole file.

    None also answers what a server may ignore: another unit, a malformed header, and more ranges than one (a part of
    each would cost us more than the client). Raises RangeNotSatisfiable when the range begins behind the end.
    """
    unit, _, ranges = header.partition("=")
    match = _ONE.fullmatch(ranges.strip(" \t")) if len(header) <= _MAX_LENGTH else None
    if match is None or unit.strip().lower() != "bytes":
        return None
    first, last, suffix = match.groups()
    if suffix is not None:
        return _suffix(int(suffix), size)
    return _from(int(first), int(last) if last else None, size)


def _suffix(length: int, size: int) -> ByteRange | None:
    if length == 0:
        raise RangeNotSatisfiable(size)
    if size == 0:  # satisfiable, yet no Content-Range can say "no bytes"
        return None
    length = min(length, size)
    return ByteRange(size - length, length, size)


def _from(first: int, last: int | None, size: int) -> ByteRange | None:
    if last is not None and last < first:
        return None
    if first >= size:
        raise RangeNotSatisfiable(size)
    end = size - 1 if last is None else min(last, size - 1)
    return ByteRange(first, end - first + 1, size)


def if_range_holds(header: str | None, etag: str, last_modified: datetime) -> bool:
    """Tell whether a part may be sent: without If-Range, or where it names exactly this version.

    A weak tag never does. Anything malformed is another version, so that the client gets the whole.
    """
    if header is None:
        return True
    value = header.strip()
    if value.startswith(('"', "W/")):
        return value == f'"{etag}"'
    try:
        return parsedate_to_datetime(value) == last_modified
    except (ValueError, TypeError, IndexError, OverflowError):
        return False
