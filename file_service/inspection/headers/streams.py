"""gzip, xz and Zstandard: single packed streams, and what they say of their length."""

import struct

from file_service.inspection.headers.contents import ArchiveContents
from file_service.inspection.headers.reading import WINDOW, NotReadable, Range, Reading, Steps, exactly

_XZ_END, _XZ_HEAD = b"YZ", 12
_XZ_RECORDS = 1_000_000
_DEFLATE_RATIO = 1032  # what deflate packs at best: a trailer that claims more isn't one


def read_gzip(size: int) -> Reading[ArchiveContents]:
    """The last four bytes are the last member's length modulo 4 GiB: at least that much comes out, if it isn't a lie.

    It is a lie where members are joined, where more than 4 GiB are packed, and where something stands behind the end.
    """
    tail = yield from exactly(size - 4, 4)
    (unpacked,) = struct.unpack("<I", tail)
    return ArchiveContents(1, unpacked if unpacked <= size * _DEFLATE_RATIO else 0, size)


def read_xz(size: int) -> Reading[ArchiveContents]:
    """The index before the end has the length of each block; of joined streams only the last is looked at."""
    footer = yield from exactly(size - _XZ_HEAD, _XZ_HEAD)
    if not footer.endswith(_XZ_END):
        return ArchiveContents(1, 0, size)  # padding, or more behind it
    length = (struct.unpack_from("<I", footer, 4)[0] + 1) * 4
    start = size - _XZ_HEAD - length
    index = _Numbers(start + 1, start + length)
    blocks = yield from index.next()
    steps, unpacked = Steps(_XZ_RECORDS), 0
    steps.take(blocks)
    for _ in range(blocks):
        yield from index.next()
        unpacked += yield from index.next()
    return ArchiveContents(1, unpacked, size)


class _Numbers:
    """Numbers of 7 bits a byte, the lowest first, one after the other."""

    def __init__(self, at: int, end: int) -> None:
        self._at, self._end = at, end
        self._start, self._bytes = at, b""

    def next(self) -> Reading[int]:
        value = 0
        for shift in range(0, 63, 7):
            if self._at >= self._end or self._at < 0:
                break
            if self._at - self._start >= len(self._bytes):
                self._start = self._at
                self._bytes = yield Range(self._at, min(WINDOW, self._end - self._at))
                if not self._bytes:
                    break
            byte = self._bytes[self._at - self._start]
            self._at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
        raise NotReadable("an index that breaks off")


def read_zstd(size: int) -> Reading[ArchiveContents]:
    """The first frame may tell its content's size (RFC 8878, 3.1.1.1); later frames aren't looked for."""
    head = yield from exactly(4, 1)
    width = (0, 2, 4, 8)[head[0] >> 6] or (1 if head[0] & 0x20 else 0)
    if not width:
        return ArchiveContents(1, 0, size)
    skipped = (0 if head[0] & 0x20 else 1) + (0, 1, 2, 4)[head[0] & 3]
    field = yield from exactly(5 + skipped, width)
    return ArchiveContents(1, int.from_bytes(field, "little") + (256 if width == 2 else 0), size)
