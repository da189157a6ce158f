"""Cursors: where a list goes on, opaque to clients, ordered by id and never by offset."""

import base64
import hashlib
from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar
from uuid import UUID

import msgspec

from shared.errors import InvalidParameter, Violation
from shared.web.answers import Page

T = TypeVar("T")
R = TypeVar("R")

_CHECK_BYTES = 6


class PageQuery(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The query parameters of every list."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=100)] = 20
    cursor: Annotated[str, msgspec.Meta(max_length=64)] | None = None


def encode_cursor(scope: str, last: UUID) -> str:
    """Return a cursor behind `last` in the list that `scope` names (route and filter)."""
    return base64.urlsafe_b64encode(last.bytes + _check(scope, last.bytes)).decode().rstrip("=")


def decode_cursor(scope: str, cursor: str | None) -> UUID | None:
    """Return the id that the list goes on behind, or None for its start.

    The check tells a typo or another list's cursor; it is no secret, since a cursor gives no access.
    Raises InvalidParameter.
    """
    if cursor is None:
        return None
    try:
        last = UUID(bytes=base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)[:16])
    except ValueError:
        last = None
    if last is None or cursor != encode_cursor(scope, last):  # so that each place in a list has one cursor only
        raise InvalidParameter("The cursor isn't one of this list.", errors=[Violation("cursor", "is not valid here")])
    return last


def make_page(
    scope: str, rows: Sequence[R], limit: int, key: Callable[[R], UUID], present: Callable[[R], T]
) -> Page[T]:
    """Return the page of `rows`, which were asked for with `limit + 1` so that the last page is known as such."""
    shown = rows[:limit]
    more = len(rows) > limit
    return Page([present(row) for row in shown], encode_cursor(scope, key(shown[-1])) if more else None)


def _check(scope: str, raw: bytes) -> bytes:
    return hashlib.sha256(scope.encode() + b"\0" + raw).digest()[:_CHECK_BYTES]
