"""PNG, JPEG, WebP and BMP: what they say before the first pixel. Each takes the file's size."""

import struct

from file_service.inspection.headers.reading import NotReadable, Range, Reading, Steps, exactly
from file_service.inspection.headers.size import PictureSize

_PNG = b"\x89PNG\r\n\x1a\n"
_CHUNKS = 10_000  # before the pixels, or of a WebP in all; more is no honest picture
_START_OF_FRAME = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})  # markers without a length
_START_OF_SCAN, _END = 0xDA, 0xD9
_DIB_HEADERS = range(12, 125)  # bytes that there have been, from OS/2 1.x to BITMAPV5HEADER


def read_png(size: int) -> Reading[PictureSize]:
    """IHDR is first; acTL, which counts the frames of an animation, stands before the pixels."""
    head = yield from exactly(0, 24)
    if not head.startswith(_PNG) or head[12:16] != b"IHDR":
        raise NotReadable("no IHDR")
    width, height = struct.unpack_from(">II", head, 16)
    steps, at, frames = Steps(_CHUNKS), 8, 1
    while at + 8 <= size:
        steps.take()
        chunk = yield Range(at, 12)
        length, kind = struct.unpack_from(">I4s", chunk) if len(chunk) >= 8 else (0, b"IEND")
        if kind in (b"IDAT", b"IEND"):
            break
        if kind == b"acTL" and len(chunk) == 12:
            (frames,) = struct.unpack_from(">I", chunk, 8)
        at += 12 + length
    return PictureSize(width, height, frames)


def read_jpeg(size: int) -> Reading[PictureSize]:
    """Return the largest frame header before the first scan: which of several counts, decoders don't agree on."""
    head = yield from exactly(0, 2)
    if head != b"\xff\xd8":
        raise NotReadable("no SOI")
    steps, at, found = Steps(_CHUNKS), 2, PictureSize(0, 0)
    while at < size:
        steps.take()
        segment = yield Range(at, 2)
        if len(segment) < 2:
            break
        if segment[0] != 0xFF or segment[1] in (0x00, 0xFF) or segment[1] in _ALONE:
            at += 2 if segment[0] == 0xFF and segment[1] in _ALONE else 1  # fill bytes, and what decoders skip
            continue
        if segment[1] in (_START_OF_SCAN, _END):
            break
        fields = yield Range(at + 2, 7)
        if len(fields) < 7:
            break
        if segment[1] in _START_OF_FRAME:
            height, width = struct.unpack_from(">HH", fields, 3)
            found = max(found, PictureSize(width, height), key=lambda each: each.pixels)
        at += 2 + max(2, struct.unpack_from(">H", fields)[0])
    if not found.pixels:
        raise NotReadable("no frame header")
    return found


def read_webp(size: int) -> Reading[PictureSize]:
    """The canvas of VP8X, or the frame's own header; ANMF chunks are the frames."""
    head = yield from exactly(0, 30)
    if head[:4] != b"RIFF" or head[8:12] != b"WEBP":
        raise NotReadable("no WebP")
    kind = head[12:16]
    if kind == b"VP8 ":
        width, height = (side & 0x3FFF for side in struct.unpack_from("<HH", head, 26))
        return PictureSize(width, height)
    if kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", head, 21)
        return PictureSize((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    if kind != b"VP8X":
        raise NotReadable("no picture")
    width = int.from_bytes(head[24:27], "little") + 1
    height = int.from_bytes(head[27:30], "little") + 1
    return PictureSize(width, height, (yield from _frames(size)))


def _frames(size: int) -> Reading[int]:
    steps, at, frames = Steps(_CHUNKS), 12, 0
    while at + 8 <= size:
        steps.take()
        chunk = yield Range(at, 8)
        kind, length = struct.unpack("<4sI", chunk) if len(chunk) == 8 else (b"", 0)
        frames += kind == b"ANMF"
        at += 8 + length + (length & 1)
    return max(1, frames)


def read_bmp(_size: int) -> Reading[PictureSize]:
    """The old header has 16 bits a side; a negative height means rows from top to bottom.

    Two letters are all of the signature, so one in 65,536 files of whatever begins with it.
    """
    head = yield from exactly(0, 26)
    if not head.startswith(b"BM"):
        raise NotReadable("no BMP")
    (length,) = struct.unpack_from("<I", head, 14)
    if length not in _DIB_HEADERS:
        raise NotReadable("no header of a BMP")
    width, height = struct.unpack_from("<HH", head, 18) if length == 12 else struct.unpack_from("<ii", head, 18)
    return PictureSize(abs(width), abs(height))
