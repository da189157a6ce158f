"""What a client has already, and which part it wants: judged against an answer that is kept (RFC 9110, 13 and 14)."""

import re
from collections.abc import Sequence

from gateway.cache.headers import Header, listed, moment, values

_RANGE = re.compile(r"bytes=[ \t]*([0-9]{0,18})-([0-9]{0,18})[ \t]*", re.IGNORECASE)
_ETAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"')
_UNREADABLE = "\ufffd"  # stands for bytes that are no UTF-8
_NOT_KEPT = ("if-match", "if-unmodified-since")  # they are about writing, and the owner's to judge


def is_conditional(asked: Sequence[Header]) -> bool:
    """Whether a request has conditions that a cache has no business with."""
    return any(values(asked, name) for name in _NOT_KEPT)


def has_already(asked: Sequence[Header], stored: Sequence[Header]) -> bool:
    """Whether the client's If-None-Match or, without it, its If-Modified-Since says that it has the stored answer."""
    tags = values(asked, "if-none-match")
    if tags:
        text = ",".join(tags)
        return text.strip() == "*" or bool(_opaque(values(stored, "etag")) & _opaque(_ETAG.findall(text)))
    since, changed = moment(values(asked, "if-modified-since")), moment(values(stored, "last-modified"))
    return since is not None and changed is not None and changed <= since


def _opaque(tags: Sequence[str]) -> frozenset[str]:
    """Return tags for the weak comparison, without their W/."""
    return frozenset(tag.removeprefix("W/") for tag in tags)


def part(asked: Sequence[Header], stored: Sequence[Header], length: int) -> slice | None:
    """Return the one part of `length` bytes that is asked for; None: send all.

    A part that begins beyond the end comes back as an empty slice. Several parts, and what can't be read, get all.
    """
    wanted = values(asked, "range")
    match = _RANGE.fullmatch(wanted[0]) if len(wanted) == 1 else None
    if match is None or not (match[1] or match[2]) or not _still_is(values(asked, "if-range"), stored):
        return None
    if "none" in listed(values(stored, "accept-ranges")):
        return None
    if not match[1]:
        return slice(max(0, length - int(match[2])), length)
    first, last = int(match[1]), int(match[2] or length)
    return slice(min(first, length), min(last + 1, length)) if last >= first else None


def _still_is(if_range: Sequence[str], stored: Sequence[Header]) -> bool:
    """Whether the parts that the client has are of the stored answer: only a strong tag or the exact date can tell."""
    if not if_range:
        return True
    tag = if_range[0]
    if tag.startswith('"'):
        return len(if_range) == 1 and [tag] == list(values(stored, "etag"))
    since = moment(if_range)
    return since is not None and since == moment(values(stored, "last-modified"))


def conditions_for(stored: Sequence[Header]) -> list[Header]:
    """Return what to ask the owner with, so that it needs to send only what has changed.

    A tag that isn't kept as it came, since it was no UTF-8, isn't the owner's any more.
    """
    tags, changed = values(stored, "etag"), values(stored, "last-modified")
    asked = [("If-None-Match", tags[0])] if tags and _UNREADABLE not in tags[0] else []
    return [*asked, ("If-Modified-Since", changed[0])] if moment(changed) is not None else asked
