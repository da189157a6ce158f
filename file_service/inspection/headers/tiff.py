"""TIFF, classic and Big: its pages, one directory each."""

import struct
from dataclasses import dataclass

from file_service.inspection.headers.reading import NotReadable, Range, Reading, Steps, exactly
from file_service.inspection.headers.size import PictureSize

_PAGES = 10_000
_ENTRIES = 2_000  # of a directory; some fifty are usual
_ENTRIES_OF_ALL = 200_000  # in all directories, which may share their bytes: a file's size bounds nothing
_WIDTH, _HEIGHT = 256, 257
_FORMATS = {1: "B", 3: "H", 4: "I", 16: "Q"}  # the types that a side may have


@dataclass(frozen=True, slots=True)
class _Layout:
    """How numbers lie: `order` of bytes, formats of a count and of an offset, and the size of an entry."""

    order: str
    count: str
    offset: str
    entry: int


def read_tiff(_size: int) -> Reading[PictureSize]:
    layout, at = yield from _opening()
    steps, entries, pages, largest, seen = Steps(_PAGES), Steps(_ENTRIES_OF_ALL), 0, PictureSize(0, 0), set[int]()
    while at and at not in seen:
        steps.take()
        seen.add(at)
        page, at = yield from _directory(layout, at, entries)
        pages += 1
        largest = max(largest, page, key=lambda each: each.pixels)
    if not largest.pixels:
        raise NotReadable("no page")
    return PictureSize(largest.width, largest.height, pages)


def _opening() -> Reading[tuple[_Layout, int]]:
    head = yield Range(0, 16)
    order = {b"II": "<", b"MM": ">"}.get(head[:2])
    if order is None or len(head) < 8:
        raise NotReadable("no TIFF")
    (version,) = struct.unpack_from(f"{order}H", head, 2)
    if version == 42:
        return _Layout(order, "H", "I", 12), struct.unpack_from(f"{order}I", head, 4)[0]
    if version == 43 and len(head) == 16:
        return _Layout(order, "Q", "Q", 20), struct.unpack_from(f"{order}Q", head, 8)[0]
    raise NotReadable("no TIFF")


def _directory(layout: _Layout, at: int, steps: Steps) -> Reading[tuple[PictureSize, int]]:
    """Return the page's size, and where the next directory is, or 0."""
    width = struct.calcsize(f"{layout.order}{layout.count}")
    raw = yield from exactly(at, width)
    (count,) = struct.unpack(f"{layout.order}{layout.count}", raw)
    if count > _ENTRIES:
        raise NotReadable("too large a directory")
    steps.take(count)
    entries = yield from exactly(at + width, count * layout.entry)
    sides = {_WIDTH: 0, _HEIGHT: 0}
    for start in range(0, len(entries), layout.entry):
        tag, kind = struct.unpack_from(f"{layout.order}HH", entries, start)
        if tag in sides and kind in _FORMATS:
            place = start + 4 + struct.calcsize(f"{layout.order}{layout.offset}")
            fits = place + struct.calcsize(_FORMATS[kind]) <= start + layout.entry
            sides[tag] = struct.unpack_from(f"{layout.order}{_FORMATS[kind]}", entries, place)[0] if fits else 0
    tail = yield Range(at + width + len(entries), struct.calcsize(f"{layout.order}{layout.offset}"))
    whole = len(tail) == struct.calcsize(f"{layout.order}{layout.offset}")
    following = struct.unpack(f"{layout.order}{layout.offset}", tail)[0] if whole else 0
    return PictureSize(sides[_WIDTH], sides[_HEIGHT]), following
