"""Waiting for an answer, but not for long."""

import asyncio
from collections.abc import Coroutine
from typing import TypeVar

_T = TypeVar("_T")

SECONDS = 0.05
_SLICES = 5


async def within_budget(work: Coroutine[object, object, _T]) -> _T:
    """The result of `work`; it is cancelled and TimeoutError raised when the budget is spent.

    The time is spent in slices, so that an event loop that was itself held up (then all timers fire at once, before
    the answer that has long arrived is read) takes one slice and doesn't blame the other side for its own delay.
    """
    task = asyncio.ensure_future(work)
    try:
        for _ in range(_SLICES):
            done, _ = await asyncio.wait((task,), timeout=SECONDS / _SLICES)
            if done:
                return task.result()
        raise TimeoutError
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait((task,), timeout=SECONDS / _SLICES)
        if task.done() and not task.cancelled():
            task.exception()  # seen, so that asyncio doesn't report it as lost
