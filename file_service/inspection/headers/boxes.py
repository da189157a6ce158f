"""AVIF and HEIF: boxes within boxes (ISO 14496-12). `ispe` tells sizes of pictures, `stsz` how many a sequence has.

Of all that are told, the largest counts: which of them is shown, and which only a tile or a depth map of it, takes
reading the whole of `meta`.
"""

import struct
from dataclasses import dataclass, field

from file_service.inspection.headers.reading import NotReadable, Range, Reading, Steps, exactly
from file_service.inspection.headers.size import PictureSize

_BOXES = 10_000
_DEPTH = 8
# Boxes that hold boxes, and how many bytes of their own they begin with.
_PARENTS = {b"meta": 4, b"iprp": 0, b"ipco": 0, b"moov": 0, b"trak": 0, b"mdia": 0, b"minf": 0, b"stbl": 0}


@dataclass(slots=True)
class _Found:
    width: int = 0
    height: int = 0
    frames: int = 1
    steps: Steps = field(default_factory=lambda: Steps(_BOXES))

    def picture(self, width: int, height: int) -> None:
        if width * height > self.width * self.height:
            self.width, self.height = width, height


def read_boxes(size: int) -> Reading[PictureSize]:
    head = yield from exactly(0, 12)
    if head[4:8] != b"ftyp":
        raise NotReadable("no ftyp")
    found = _Found()
    try:
        yield from _walk(found, 0, size, 0)
    except NotReadable:
        if not found.width:
            raise
    if not found.width:
        raise NotReadable("no size")
    return PictureSize(found.width, found.height, found.frames)


def _walk(found: _Found, at: int, end: int, depth: int) -> Reading[None]:
    while at + 8 <= end:
        found.steps.take()
        head = yield from exactly(at, 8)
        length, kind = struct.unpack(">I4s", head)
        body = at + 8
        if length == 1:
            length = struct.unpack(">Q", (yield from exactly(body, 8)))[0]
            body += 8
        upto = min(end, at + length) if length else end
        if upto < body:
            raise NotReadable("a box that is shorter than its head")
        yield from _box(found, kind, Range(body, upto - body), depth)
        at = upto


def _box(found: _Found, kind: bytes, content: Range, depth: int) -> Reading[None]:
    if kind in _PARENTS and depth < _DEPTH:
        yield from _walk(found, content.start + _PARENTS[kind], content.start + content.length, depth + 1)
    elif kind == b"ispe" and content.length >= 12:
        found.picture(*struct.unpack(">II", (yield from exactly(content.start + 4, 8))))
    elif kind == b"tkhd" and content.length >= 84:
        sides = yield from exactly(content.start + content.length - 8, 8)
        found.picture(*(side >> 16 for side in struct.unpack(">II", sides)))
    elif kind == b"stsz" and content.length >= 12:
        samples = struct.unpack(">I", (yield from exactly(content.start + 8, 4)))[0]
        found.frames = max(found.frames, samples)
