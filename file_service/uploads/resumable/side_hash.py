"""Hashes large chunks in a thread beside the event loop, which goes on reading meanwhile."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import Executor, Future

from file_service.uploads.resumable.running_hashes import Hash

_WORTHWHILE = 128 * 1024  # bytes; smaller chunks come where many uploads share the machine, and are hashed in place
_BATCH = 1 << 20  # bytes for which it is worth to bother a thread; storage holds as many of them meanwhile


class SideHash:
    """Feeds all of `hashes` with the same bytes, in order. Holds two batches at most."""

    def __init__(self, threads: Executor, hashes: Sequence[Hash]) -> None:
        self._threads = threads
        self._hashes = hashes
        self._waiting: list[bytes] = []
        self._bytes = 0
        self._busy: Future[None] | None = None

    async def add(self, chunk: bytes) -> None:
        if not self._hashes:
            return
        if len(chunk) < _WORTHWHILE:
            await self.end()
            _feed(self._hashes, [chunk])
            return
        self._waiting.append(chunk)
        self._bytes += len(chunk)
        if self._bytes >= _BATCH:
            await self._begin()

    async def end(self) -> None:
        """Return once all that was added is in the hashes."""
        if self._waiting:
            await self._begin()
        await self._settle()

    async def _begin(self) -> None:
        await self._settle()
        self._busy = self._threads.submit(_feed, self._hashes, self._waiting)
        self._waiting, self._bytes = [], 0

    async def _settle(self) -> None:
        if self._busy is not None:
            await asyncio.wrap_future(self._busy)
            self._busy = None


def _feed(hashes: Sequence[Hash], chunks: Sequence[bytes]) -> None:
    for each in hashes:
        for chunk in chunks:
            each.update(chunk)
