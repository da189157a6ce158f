"""Waiting for an answer, but not for long."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

_T = TypeVar("_T")

SECONDS = 0.05
_SLICES = 5


async def within_budget(work: Awaitable[_T]) -> _T:
    """The result of `work`; it is cancelled and TimeoutError raised when the budget is spent.

    The time is spent in slices, so that an event loop that was itself held up (then all timers fire at once, before
    the answer that has long arrived is read) takes one slice and doesn't blame the other side for its own delay.
    """
    async with asyncio.timeout(None) as limit:
        slices = _Slices(limit)
        try:
            return await work
        finally:
            slices.stop()


class _Slices:
    def __init__(self, limit: asyncio.Timeout) -> None:
        self._limit = limit
        self._left = _SLICES
        self._loop = asyncio.get_running_loop()
        self._timer = self._loop.call_later(SECONDS / _SLICES, self._spend)

    def stop(self) -> None:
        self._timer.cancel()

    def _spend(self) -> None:
        self._left -= 1
        if self._left:
            self._timer = self._loop.call_later(SECONDS / _SLICES, self._spend)
        else:
            self._limit.reschedule(self._loop.time())
