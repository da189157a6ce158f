"""How many parts are in memory at once, on their way to an object store."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from shared.errors import Unavailable

_PLACES = 4


class Places:
    """Who waits in line while one before fails is refused as well: the store is away, and each would wait in vain."""

    def __init__(self) -> None:
        self._free = asyncio.Semaphore(_PLACES)
        self._failed_at = float("-inf")

    async def take(self) -> None:
        """Raises Unavailable when the store has failed meanwhile. Give it back by `leave`."""
        loop = asyncio.get_running_loop()
        came_at = loop.time()
        await self._free.acquire()
        if self._failed_at >= came_at:
            self._free.release()
            raise Unavailable("The files can't be reached.")

    def leave(self, *, failed: bool) -> None:
        if failed:
            self._failed_at = asyncio.get_running_loop().time()
        self._free.release()

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        await self.take()
        failed = False
        try:
            yield
        except Unavailable:
            failed = True
            raise
        finally:
            self.leave(failed=failed)
