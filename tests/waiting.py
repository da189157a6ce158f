"""Waiting for a condition, never for a fixed time."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

_PAUSE = 0.02  # seconds


async def eventually(look: Callable[[], Awaitable[T]], *, within: float = 30.0) -> T:
    """Call `look` until it returns something true, and return that; fails after `within` seconds."""
    deadline = time.monotonic() + within
    while True:
        found = await look()
        if found:
            return found
        assert time.monotonic() < deadline, f"it didn't come true within {within} s; last seen: {found!r}"
        await asyncio.sleep(_PAUSE)
