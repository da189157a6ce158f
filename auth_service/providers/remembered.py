"""Something that a provider publishes, fetched once for all who wait for it and kept for a while."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from shared.errors import Unavailable

T = TypeVar("T")

FRESH = 3600.0  # seconds
_STALE = 86_400.0  # seconds: for as long, the last one does while there is no newer one to be had
_PAUSE = 5.0  # seconds after a failure in which nobody asks again
_RETRY_SECONDS = 5


class Remembered(Generic[T]):
    """Raises Unavailable, from `get` and `renew`, while it can't be fetched."""

    def __init__(self, fetch: Callable[[], Awaitable[T]], clock: Callable[[], float] = time.monotonic) -> None:
        self._fetch = fetch
        self._clock = clock
        self._lock = asyncio.Lock()
        self._value: T | None = None
        self._fetched = self._failed = float("-inf")

    async def get(self) -> T:
        return await self._within(FRESH)

    async def renew(self, cool_down: float) -> T:
        """Return one that was fetched `cool_down` seconds ago at most, however many ask."""
        return await self._within(cool_down)

    async def _within(self, age: float) -> T:
        async with self._lock:
            now = self._clock()
            if self._value is not None and now - self._fetched < age:
                return self._value
            if now - self._failed < _PAUSE:
                return self._last(now, Unavailable("The provider can't be reached.", retry_after=_RETRY_SECONDS))
            try:
                self._value = await self._fetch()
            except Unavailable as exc:
                self._failed = self._clock()
                return self._last(now, exc)
            self._fetched = self._clock()
            return self._value

    def _last(self, now: float, failure: Unavailable) -> T:
        if self._value is None or now - self._fetched >= _STALE:
            raise failure
        return self._value
