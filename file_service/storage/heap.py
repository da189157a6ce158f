"""What glibc does with freed memory. It learns from a program's habits by itself, and here it learns the wrong thing.

An upload's pieces come and go, a quarter of a MiB each: with less than that kept at the heap's end, each takes a system
call to get and one to give back, and the kernel empties every page of it in between. That was a fifth of what an upload
of a MiB costs.
"""

import ctypes

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of malloc.h
_KEPT = 2 << 20  # bytes at the heap's end that aren't given back
_LARGE = 1 << 20  # bytes from which on a block is given back when it is freed, as an object store's parts should be


def tune_heap() -> None:
    """Change nothing where the C library is another one."""
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)
    if set_option is not None:
        set_option(_TRIM_THRESHOLD, _KEPT)
        set_option(_MMAP_THRESHOLD, _LARGE)
