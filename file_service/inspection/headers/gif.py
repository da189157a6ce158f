"""GIF: its canvas, and how many frames follow, which only a walk through all of its blocks tells."""

import struct

from file_service.inspection.headers.reading import WINDOW, NotReadable, Range, Reading, Steps, exactly
from file_service.inspection.headers.size import PictureSize

_BLOCKS = 1_000_000  # of up to 255 bytes; bounds what a hostile file makes us walk to a second
_EXTENSION, _IMAGE = 0x21, 0x2C


class _Window:
    """A part of the file that moves forward, so that small steps don't cost a read each."""

    def __init__(self, at: int) -> None:
        self.at = at
        self._start = at
        self._bytes = b""

    def need(self, length: int) -> Reading[bytes]:
        """Return the next `length` bytes, or fewer at the file's end, and stay before them."""
        offset = self.at - self._start
        if offset + length > len(self._bytes):
            self._start, offset = self.at, 0
            self._bytes = yield Range(self.at, WINDOW)
        return self._bytes[offset : offset + length]


def read_gif(_size: int) -> Reading[PictureSize]:
    """Return the canvas, or the largest frame where that is larger; what breaks off has the frames seen so far."""
    head = yield from exactly(0, 13)
    if head[:6] not in (b"GIF87a", b"GIF89a"):
        raise NotReadable("no GIF")
    width, height, flags = struct.unpack_from("<HHB", head, 6)
    window, steps, frames = _Window(13 + _palette(flags)), Steps(_BLOCKS), 0
    while True:
        steps.take()
        block = yield from window.need(10)
        if len(block) < 2 or block[0] not in (_EXTENSION, _IMAGE):
            return PictureSize(width, height, max(1, frames))
        if block[0] == _IMAGE:
            if len(block) < 10:
                return PictureSize(width, height, max(1, frames))
            frames += 1
            left, top, wide, high, flags = struct.unpack_from("<HHHHB", block, 1)
            width, height = max(width, left + wide), max(height, top + high)
            window.at += 11 + _palette(flags)
        else:
            window.at += 2
        yield from _skip(window, steps)


def _palette(flags: int) -> int:
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0


def _skip(window: _Window, steps: Steps) -> Reading[None]:
    """Pass the sub-blocks, and the empty one that ends them."""
    while True:
        steps.take()
        length = yield from window.need(1)
        window.at += 1 + (length[0] if length else 0)
        if not length or not length[0]:
            return
