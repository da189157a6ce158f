"""What a shared cache may keep, and for how long it may use it (RFC 9111, RFC 5861). Pure; times in seconds.

Stricter than the RFC where strictness is safer: only what says how long it is fresh is kept, nothing is guessed from
Last-Modified; nothing that sets a cookie is kept; `private` and `no-cache` count for the whole answer even where they
name fields.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from gateway.cache.headers import Directives, Header, directives, listed, moment, seconds, values

STORABLE = frozenset((200, 204, 301, 308, 404, 410))
ERRORS = frozenset((500, 502, 503, 504))  # RFC 5861, 4
LONGEST = 24 * 3600.0  # nothing is kept for longer, whatever it says
VALIDATABLE = 3600.0  # how long beyond its use an answer with a validator is kept, to save sending it again
_NEVER_SHARED = frozenset(("no-store", "private"))
_NO_STALE = frozenset(("must-revalidate", "proxy-revalidate"))
_KEPT_BY_304 = frozenset(
    ("content-encoding", "content-length", "content-range", "content-type", "transfer-encoding")
)  # they describe the body that is stored


@dataclass(frozen=True, slots=True)
class Terms:
    """`lifetime` counts from the answer's origin; the two others go on from there, and allow what is stale."""

    lifetime: float
    while_revalidate: float = 0.0
    if_error: float = 0.0


class Use(Enum):
    FRESH = "fresh"
    WHILE_REVALIDATING = "while revalidating"
    AFTER_VALIDATION = "after validation"


def terms(status: int, headers: Sequence[Header], now: float) -> Terms | None:
    """Return on what terms an answer that has just come may be kept; None: not at all."""
    control = directives(values(headers, "cache-control"))
    if status not in STORABLE or not _NEVER_SHARED.isdisjoint(control) or values(headers, "set-cookie"):
        return None
    if "*" in listed(values(headers, "vary")):
        return None
    lifetime = _lifetime(control, headers, now)
    if lifetime is None:
        return None
    if "no-cache" in control or not _NO_STALE.isdisjoint(control):
        found = Terms(lifetime)
    else:
        found = Terms(lifetime, seconds(control, "stale-while-revalidate"), seconds(control, "stale-if-error"))
    return found if _is_of_use(found, headers) else None


def _lifetime(control: Directives, headers: Sequence[Header], now: float) -> float | None:
    """Return the freshness lifetime (4.2.1) that is stated; None where none is."""
    if "no-cache" in control:
        return 0.0
    for name in ("s-maxage", "max-age"):
        if name in control:
            return float(seconds(control, name))
    expires = values(headers, "expires")
    if not expires:
        return None
    end = moment(expires)
    return 0.0 if end is None else max(0.0, end - _date(headers, now))


def _is_of_use(found: Terms, headers: Sequence[Header]) -> bool:
    return found.lifetime + found.while_revalidate + found.if_error > 0 or has_validator(headers)


def _date(headers: Sequence[Header], now: float) -> float:
    date = moment(values(headers, "date"))
    return now if date is None else date


def has_validator(headers: Sequence[Header]) -> bool:
    return bool(values(headers, "etag") or moment(values(headers, "last-modified")) is not None)


def born(headers: Sequence[Header], asked: float, answered: float) -> float:
    """Return when the answer's age was nought (4.2.3), from when it was asked for and when its head came."""
    stated = values(headers, "age")
    age = max((seconds({"age": value}, "age") for value in stated), default=0)
    apparent = max(0.0, answered - _date(headers, answered))
    return answered - max(apparent, age + max(0.0, answered - asked))


def use(found: Terms, age: float) -> Use:
    if age < found.lifetime:
        return Use.FRESH
    if age < found.lifetime + found.while_revalidate:
        return Use.WHILE_REVALIDATING
    return Use.AFTER_VALIDATION


def covers_error(found: Terms, age: float) -> bool:
    """Whether an answer of this age may stand in for a failure."""
    return age < found.lifetime + found.if_error


def retention(found: Terms, headers: Sequence[Header], age: float) -> float:
    """Return for how long to keep an answer of this age."""
    beyond = max(found.while_revalidate, found.if_error, VALIDATABLE if has_validator(headers) else 0.0)
    return min(LONGEST, max(0.0, found.lifetime + beyond - age))


def freshened(stored: Sequence[Header], update: Sequence[Header]) -> list[Header] | None:
    """Return the stored headers as a 304 updates them (3.2, 4.3.4); None if it speaks of another representation."""
    ours, theirs = values(stored, "etag"), values(update, "etag")
    if ours and theirs and ours != theirs:
        return None
    changed = [header for header in update if header[0].lower() not in _KEPT_BY_304]
    names = {name.lower() for name, _ in changed}
    return [header for header in stored if header[0].lower() not in names] + changed
