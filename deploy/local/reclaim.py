"""Gives back what the launcher needed only to import the programs: it never looks at most of it again."""

import ctypes
from pathlib import Path

_MAPS = Path("/proc/self/maps")
_PAGE_OUT = 21  # MADV_PAGEOUT, since Linux 5.4


def give_back_libraries() -> None:
    """Have the kernel drop pages of files that this process alone has mapped, and hasn't changed.

    One that is needed after all comes back by itself. Where there is no such advice to give, nothing happens.
    """
    if not _MAPS.exists():
        return
    advise = ctypes.CDLL(None).madvise
    for line in _MAPS.read_text().splitlines():
        span, mode, _offset, _device, inode, *_ = line.split(maxsplit=5)
        if inode != "0" and "w" not in mode:
            start, end = (int(each, 16) for each in span.split("-"))
            advise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), _PAGE_OUT)
