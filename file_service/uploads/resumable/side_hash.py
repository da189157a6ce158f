"""Hashes what passes in a thread beside the event loop, which goes on reading meanwhile."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import Executor, Future

from file_service.uploads.resumable.running_hashes import Hash

_BATCH = 256 * 1024  # bytes that a thread is bothered for; what is held meanwhile is what storage holds too


class SideHash:
    """Feeds all of `hashes` with the same bytes, in order."""

    def __init__(self, threads: Executor, hashes: Sequence[Hash]) -> None:
        self._threads = threads
        self._hashes = hashes
        self._batch: list[bytes] = []
        self._size = 0
        self._busy: Future[None] | None = None

    async def add(self, chunk: bytes) -> None:
        if not self._hashes:
            return
        self._batch.append(chunk)
        self._size += len(chunk)
        if self._size >= _BATCH:
            await self._wait()
            self._busy = self._threads.submit(_feed, self._hashes, self._batch)
            self._batch, self._size = [], 0

    async def end(self) -> None:
        """Return once all that was added is in the hashes."""
        await self._wait()
        _feed(self._hashes, self._batch)
        self._batch = []

    async def _wait(self) -> None:
        if self._busy is not None:
            await asyncio.wrap_future(self._busy)
            self._busy = None


def _feed(hashes: Sequence[Hash], chunks: Sequence[bytes]) -> None:
    for chunk in chunks:
        for each in hashes:
            each.update(chunk)
