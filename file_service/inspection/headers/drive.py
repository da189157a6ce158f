"""Reads headers from wherever a file lies."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from file_service.inspection.headers.reading import WINDOW, Reading

T = TypeVar("T")

Read = Callable[[int, int], Awaitable[bytes]]  # from, how many bytes; fewer come at the end

_AHEAD = 4096  # bytes read at least: headers lie close together


async def run(reading: Reading[T], read: Read) -> T:
    """Return what the reading finds. Each of its questions costs one read of bounded length, or none."""
    start, window = 0, b""
    try:
        asked = next(reading)
        while True:
            length = min(asked.length, WINDOW * 4)
            if not (start <= asked.start and asked.start + length <= start + len(window)):
                start, window = asked.start, await read(asked.start, max(length, _AHEAD))
            asked = reading.send(window[asked.start - start :][:length])
    except StopIteration as end:
        result: T = end.value
        return result
