"""Reading the headers that caching rests on. What can't be read counts as the strictest thing it may have meant."""

import re
from collections.abc import Iterable, Mapping, Sequence
from email.utils import parsedate_to_datetime

Header = tuple[str, str]

_TOKEN = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"  # noqa: S105  RFC 9110's name for a word, no secret
_DIRECTIVE = re.compile(rf'[ \t]*(?:({_TOKEN})(?:=(?:({_TOKEN})|"((?:[^"\\]|\\.)*)"))?)?[ \t]*(?:,|$)')
_DIGITS = re.compile("[0-9]+")
_UNREADABLE = {"no-store": ""}
_LONGEST = 2**31  # seconds; RFC 9111, 1.2.2: what is too large to be held is this
_LONGEST_DIGITS = 10

Directives = Mapping[str, str]


def values(headers: Iterable[Header], name: str) -> list[str]:
    """Return all values of the header `name`, which is in lower case."""
    return [value for key, value in headers if key.lower() == name]


def directives(fields: Sequence[str]) -> Directives:
    """Return the directives of all Cache-Control fields, names in lower case.

    One that is given twice with different values has none that could be read. A field that breaks the grammar may have
    said anything, so it says no-store.
    """
    text, position = ",".join(fields), 0
    found: dict[str, str] = {}
    while position < len(text):
        match = _DIRECTIVE.match(text, position)
        if match is None or match.end() == position:
            return _UNREADABLE
        position = match.end()
        if match[1]:
            name, value = match[1].lower(), match[2] or match[3] or ""
            found[name] = value if found.get(name, value) == value else "ambiguous"
    return found


def seconds(control: Directives, name: str) -> int:
    """Return a directive's delta-seconds; 0, the strictest, if there is none or it can't be read."""
    value = control.get(name, "")
    if not _DIGITS.fullmatch(value):
        return 0
    return min(int(value), _LONGEST) if len(value) <= _LONGEST_DIGITS else _LONGEST


def moment(fields: Sequence[str]) -> float | None:
    """Return the time that one HTTP date names, in seconds since 1970; None if it isn't exactly one."""
    if len(fields) != 1:
        return None
    try:
        parsed = parsedate_to_datetime(fields[0])
    except (ValueError, OverflowError):
        return None
    return parsed.timestamp() if parsed.tzinfo is not None else None


def listed(fields: Sequence[str]) -> frozenset[str]:
    """Return the members of a list of names, in lower case."""
    return frozenset(word.strip().lower() for word in ",".join(fields).split(",") if word.strip())
