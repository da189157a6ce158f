"""ZIP: the central directory at its end (APPNOTE 6.3.10, 4.3). What contradicts itself is refused: unpackers differ in
what they believe then.

A file without an end record is no archive, or the first part of a split one: it tells nothing, and passes.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from file_service.inspection.headers.contents import ArchiveContents
from file_service.inspection.headers.reading import WINDOW, NotReadable, Range, Reading, Steps, exactly

_END, _END64, _LOCATOR64, _ENTRY = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07", b"PK\x01\x02"
_END_BYTES, _LOCATOR_BYTES, _END64_BYTES, _ENTRY_BYTES, _LOCAL_BYTES = 22, 20, 56, 46, 30
_CANDIDATES = 8  # end records that count in one file; each but one is a part of a comment, or a trick
_EXTRA_FIELDS = 500_000  # of a directory's large entries, each of which needs one
_MAX16, _MAX32 = 0xFFFF, 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class _Directory:
    """Where the end record at `end` says that the directory lies."""

    start: int
    length: int
    entries: int
    end: int


@dataclass(slots=True)
class _Sums:
    unpacked: int = 0
    packed: int = 0
    places: list[tuple[int, int]] = field(default_factory=list)  # of each entry's first byte, and behind its last
    fields: Steps = field(default_factory=lambda: Steps(_EXTRA_FIELDS))


def read_zip(size: int, most_entries: int) -> Reading[ArchiveContents]:
    """Return the entries of all its directories, and of the bytes the most that one tells.

    Where that comes to more than `most_entries`, the directory that has them isn't walked through.
    Raises NotReadable, or TooIntricate.
    """
    tail_start = max(0, size - _LOCATOR_BYTES - _END_BYTES - _MAX16)
    tail = yield from _tail(tail_start, size)
    told, tried, is_found = ArchiveContents(0, 0, 0), Steps(_CANDIDATES), False
    for offset, behind in _ends(tail):
        if is_found and behind and not _lies_where_it_says(tail, offset, tail_start):
            continue
        tried.take()
        directory = yield from _directory(tail, offset, tail_start)
        if told.entries + directory.entries > most_entries:
            return replace(told, entries=told.entries + directory.entries)
        found = yield from _contents(directory)
        told = ArchiveContents(
            told.entries + found.entries, max(told.unpacked, found.unpacked), max(told.packed, found.packed)
        )
        is_found = is_found or behind == 0 or (behind > 0 and found.entries > 0)
    return told


def _tail(start: int, size: int) -> Reading[bytes]:
    tail = b""
    while start + len(tail) < size:
        piece = yield Range(start + len(tail), WINDOW)
        if not piece:
            break
        tail += piece
    return tail


def _ends(tail: bytes) -> Iterator[tuple[int, int]]:
    """Yield where end records may begin, from the end, and how many bytes are behind their comments: fewer than none
    where a comment breaks off.

    Unpackers look from the end, and take the first one that they like. All of them like one whose comment ends the
    file, most one with something behind it, some one whose comment breaks off, and some none that has no entries.
    What stands before it is theirs who look further, for a comment that ends the file, or from the beginning.
    """
    at = tail.rfind(_END)
    while at >= 0:
        if at + _END_BYTES <= len(tail):
            yield at, len(tail) - at - _END_BYTES - struct.unpack_from("<H", tail, at + 20)[0]
        at = tail.rfind(_END, 0, at)


def _lies_where_it_says(tail: bytes, at: int, tail_start: int) -> bool:
    """Tell whether the end record's archive begins where the file does. That of one that is stored in another, as it
    is, counts from its own beginning: nobody takes it for the whole.
    """
    length, start = struct.unpack_from("<II", tail, at + 12)
    place = struct.unpack_from("<Q", tail, at - 12)[0] if at >= _LOCATOR_BYTES else 0  # said before a large one's
    return tail_start + at in (start + length, place + _END64_BYTES + _LOCATOR_BYTES)


def _directory(tail: bytes, at: int, tail_start: int) -> Reading[_Directory]:
    """Numbers that don't fit into the end record stand in that of a large archive, whose place is told before it. Some
    write that always: unpackers differ in which they go by then, so both must say the same.
    """
    disk, first_disk, here, entries, length, start = struct.unpack_from("<HHHHII", tail, at + 4)
    locator = tail[at - _LOCATOR_BYTES : at] if at >= _LOCATOR_BYTES else b""
    if locator.startswith(_LOCATOR64):
        large = yield from _directory64(locator)
        if entries in (large.entries, _MAX16) and length in (large.length, _MAX32) and start in (large.start, _MAX32):
            return large
        raise NotReadable("the record of a large archive says something else than its end")
    if _MAX16 in (disk, first_disk, here, entries) or _MAX32 in (length, start):
        raise NotReadable("the record of a large archive is missing")
    if disk or first_disk or here != entries:
        raise NotReadable("it is a part of an archive of several")
    return _checked(_Directory(start, length, entries, tail_start + at))


def _directory64(locator: bytes) -> Reading[_Directory]:
    (place,) = struct.unpack_from("<Q", locator, 8)
    record = yield from exactly(place, _END64_BYTES)
    if not record.startswith(_END64):
        raise NotReadable("the record of a large archive isn't where it is said to be")
    here, entries, length, start = struct.unpack_from("<QQQQ", record, 24)
    if here != entries:
        raise NotReadable("it is a part of an archive of several")
    return _checked(_Directory(start, length, entries, place))


def _checked(directory: _Directory) -> _Directory:
    if directory.start + directory.length > directory.end or directory.length < directory.entries * _ENTRY_BYTES:
        raise NotReadable("the directory doesn't fit")
    return directory


def _contents(directory: _Directory) -> Reading[ArchiveContents]:
    """What stands before the archive (the program that unpacks it) shifts all offsets, but the directory's end."""
    shift = directory.end - directory.start - directory.length
    at, end = directory.start + shift, directory.end
    sums, count, window, base = _Sums(), 0, b"", at
    while at < end and count <= directory.entries:
        if at - base + _ENTRY_BYTES > len(window):
            base, window = at, (yield Range(at, min(WINDOW, end - at)))
        if not window.startswith(_ENTRY, at - base) or len(window) - (at - base) < _ENTRY_BYTES:
            break
        name, extra, comment = struct.unpack_from("<HHH", window, at - base + 28)
        if at - base + _ENTRY_BYTES + name + extra > len(window):
            base, window = at, (yield from exactly(at, _ENTRY_BYTES + name + extra))
        _add(sums, window, at - base)
        count += 1
        at += _ENTRY_BYTES + name + extra + comment
    if count != directory.entries:
        raise NotReadable("the directory has other entries than are said")
    _require_apart(sums, directory.start)
    return ArchiveContents(count, sums.unpacked, sums.packed)


def _add(sums: _Sums, window: bytes, at: int) -> None:
    packed, unpacked, name, extra = struct.unpack_from("<IIHH", window, at + 20)
    (offset,) = struct.unpack_from("<I", window, at + 42)
    if _MAX32 in (unpacked, packed, offset):
        start = at + _ENTRY_BYTES + name
        wide = _wide(window[start : start + extra], sums.fields)
        unpacked, packed, offset = (
            next(wide, value) if value == _MAX32 else value for value in (unpacked, packed, offset)
        )  # in the order in which the extra field has them
    sums.unpacked += unpacked
    sums.packed += packed
    sums.places.append((offset, offset + _LOCAL_BYTES + name + packed))


def _wide(extra: bytes, steps: Steps) -> Iterator[int]:
    """Yield the 64-bit numbers of the field that has them (4.5.3)."""
    at = 0
    while at + 4 <= len(extra):
        steps.take()
        kind, length = struct.unpack_from("<HH", extra, at)
        if kind == 1:
            for place in range(at + 4, min(at + 4 + length, len(extra)) - 7, 8):
                yield struct.unpack_from("<Q", extra, place)[0]
        at += 4 + length


def _require_apart(sums: _Sums, directory_start: int) -> None:
    """Entries that share bytes make a bomb of any size out of one kernel."""
    behind = 0
    for start, end in sorted(sums.places):
        if start < behind:
            raise NotReadable("entries overlap")
        behind = end
    if behind > directory_start:
        raise NotReadable("an entry doesn't fit")
