"""A multipart upload through obstore, which pulls its parts out of an iterator and ends it by what that does: the end
completes the upload, an exception aborts it, so that no part is left in the store. Cancelling would leave them all, so
nobody ever cancels one that still may end.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

from file_service.storage.object_places import Places

Put = Callable[[AsyncIterator[bytes]], Awaitable[object]]  # obstore's, for one part at a time


class GivenUp(Exception):
    """Whoever uploads has lost interest."""


class MultipartUpload:
    def __init__(self, put: Put, places: Places) -> None:
        self._places = places
        self._parts: asyncio.Queue[tuple[bytes, asyncio.Event] | GivenUp | None] = asyncio.Queue()
        self._upload = asyncio.ensure_future(put(self._pulled()))
        self._sending: asyncio.Future[None] | None = None

    async def send(self, take: Callable[[], Awaitable[bytes]]) -> None:
        """Send what `take` returns, while its caller collects more: wait only for the part before.

        Raises what the store does, and Unavailable.
        """
        await self._sent()
        await self._places.take()
        try:
            part = await take()
        except BaseException:
            self._places.leave(failed=False)
            raise
        self._sending = asyncio.ensure_future(self._deliver(part))

    async def complete(self) -> None:
        """Make one object of all parts. Raises what the store does."""
        await self._sent()
        self._parts.put_nowait(None)
        await asyncio.shield(self._upload)

    async def abort(self, patience: float) -> None:
        """Have the store forget the parts, or leave them to its own rules after `patience` seconds."""
        self._parts.put_nowait(GivenUp())
        await asyncio.wait({self._upload}, timeout=patience)
        self._upload.cancel()
        await asyncio.gather(self._upload, *([self._sending] if self._sending else []), return_exceptions=True)

    async def _sent(self) -> None:
        if self._sending is not None:
            await asyncio.shield(self._sending)

    async def _deliver(self, part: bytes) -> None:
        stored = asyncio.Event()
        waiting = asyncio.ensure_future(stored.wait())
        self._parts.put_nowait((part, stored))
        await asyncio.wait({self._upload, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        self._places.leave(failed=not stored.is_set())
        if not stored.is_set():
            await self._upload

    async def _pulled(self) -> AsyncIterator[bytes]:
        while (given := await self._parts.get()) is not None:
            if isinstance(given, GivenUp):
                raise given
            part, stored = given
            yield part
            del part, given  # an upload that waits for more mustn't hold what is stored
            yield b""  # obstore asks for more than this only once it is rid of the part
            stored.set()
