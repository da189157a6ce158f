"""How headers are read: by generators that ask for ranges of a file and are sent their bytes, so that none knows where
the file lies, and that none can make us read or think more than it is allowed to.
"""

from collections.abc import Generator
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")

WINDOW = 65_536  # bytes that are asked for at once, at most


@dataclass(frozen=True, slots=True)
class Range:
    """`length` bytes from `start`, or as many as there are."""

    start: int
    length: int


class NotReadable(Exception):
    """The header isn't what the format says it must be."""


class TooIntricate(Exception):
    """There is more to walk through than any honest file has."""


Reading = Generator[Range, bytes, T]


class Steps:
    """Counts what a reader walks through. Raises TooIntricate beyond `most`."""

    def __init__(self, most: int) -> None:
        self._left = most

    def take(self, count: int = 1) -> None:
        self._left -= count
        if self._left < 0:
            raise TooIntricate


def exactly(start: int, length: int) -> Reading[bytes]:
    """Return the bytes. Raises NotReadable where the file has fewer, or none there."""
    if start < 0:
        raise NotReadable("a part of it would lie before its beginning")
    found = yield Range(start, length)
    if len(found) < length:
        raise NotReadable(f"it ends at {start + len(found)}")
    return found
