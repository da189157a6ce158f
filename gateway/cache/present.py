"""A kept answer as one client gets it: whole, a part, or only the word that it has it already. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.cache.conditions import has_already, part
from gateway.cache.entry import Entry
from gateway.cache.headers import Header

_OK, _PARTIAL, _NOT_MODIFIED, _UNSATISFIABLE = 200, 206, 304, 416
# Beside what caches go by: what a service may have changed about the same bytes.
_OF_304 = frozenset((
    "age", "cache-control", "content-location", "date", "etag", "expires", "last-modified", "vary",
    "content-disposition", "content-security-policy",
))  # fmt: skip
_OF_THE_WHOLE = frozenset(("content-length", "digest", "repr-digest", "content-digest", "content-md5"))


@dataclass(frozen=True, slots=True)
class Presented:
    status: int
    headers: list[Header]
    body: bytes


def present(entry: Entry, method: str, asked: Sequence[Header], age: float | None) -> Presented:
    """Answer a GET or HEAD with the request headers `asked` from what is kept; `age` None: it was made for this one."""
    headers = entry.headers if age is None else [*entry.headers, ("Age", str(int(age)))]
    if entry.status != _OK:
        return Presented(entry.status, headers, entry.body)
    if has_already(asked, entry.headers):
        return Presented(_NOT_MODIFIED, not_modified(headers), b"")
    length = len(entry.body)
    wanted = part(asked, entry.headers, length) if method == "GET" else None
    if wanted is None:
        return Presented(_OK, headers, entry.body)
    if wanted.start >= wanted.stop:
        return Presented(_UNSATISFIABLE, [("Content-Range", f"bytes */{length}")], b"")
    place = ("Content-Range", f"bytes {wanted.start}-{wanted.stop - 1}/{length}")
    plain = [header for header in headers if header[0].lower() not in _OF_THE_WHOLE - {"repr-digest"}]
    return Presented(_PARTIAL, [*plain, place], entry.body[wanted])


def not_modified(headers: Sequence[Header]) -> list[Header]:
    """Return what of an answer's headers its 304 carries (RFC 9110, 15.4.5)."""
    return [header for header in headers if header[0].lower() in _OF_304]
