"""Hashes large chunks in a thread beside the event loop, which goes on reading meanwhile."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import Executor, Future

from file_service.uploads.resumable.running_hashes import Hash

_WORTHWHILE = 128 * 1024  # bytes; smaller chunks come where many uploads share the machine, and are hashed in place


class SideHash:
    """Feeds all of `hashes` with the same bytes, in order. Holds one chunk at most."""

    def __init__(self, threads: Executor, hashes: Sequence[Hash]) -> None:
        self._threads = threads
        self._hashes = hashes
        self._busy: Future[None] | None = None

    async def add(self, chunk: bytes) -> None:
        if self._hashes:
            await self.end()
            if len(chunk) < _WORTHWHILE:
                _feed(self._hashes, chunk)
            else:
                self._busy = self._threads.submit(_feed, self._hashes, chunk)

    async def end(self) -> None:
        """Return once all that was added is in the hashes."""
        if self._busy is not None:
            await asyncio.wrap_future(self._busy)
            self._busy = None


def _feed(hashes: Sequence[Hash], chunk: bytes) -> None:
    for each in hashes:
        each.update(chunk)
