"""Where requests wait, briefly, for a place at an upstream whose instances are all busy: first come, first served."""

import asyncio
from collections import deque
from collections.abc import Callable

from gateway.errors import UpstreamUnavailable
from gateway.upstreams.instance import Instance

Take = Callable[[], Instance | None]  # takes a place, if there is one


class FairQueue:
    """At most `length` wait, each at most `seconds`; then they are told to come back."""

    def __init__(self, length: int, seconds: float) -> None:
        self._length = length
        self._seconds = seconds
        self._waiting: deque[tuple[asyncio.Future[Instance | None], Take]] = deque()

    @property
    def is_empty(self) -> bool:
        return not self._waiting

    def __len__(self) -> int:
        return len(self._waiting)

    async def wait(self, take: Take) -> Instance:
        """Return an instance at which a place was taken. Raises UpstreamUnavailable."""
        if len(self._waiting) >= self._length:
            raise UpstreamUnavailable("connection_limit_reached")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Instance | None] = loop.create_future()
        entry = (future, take)
        self._waiting.append(entry)
        timer = loop.call_later(self._seconds, self._expire, entry)
        try:
            instance = await future
        except asyncio.CancelledError:
            self._leave(entry)
            raise
        finally:
            timer.cancel()
        if instance is None:
            raise UpstreamUnavailable("connection_limit_reached")
        return instance

    def serve(self) -> None:
        """Hand out what places there are. A newcomer can't take them from those who wait: they are taken here."""
        while self._waiting:
            future, take = self._waiting[0]
            if not future.done():
                instance = take()
                if instance is None:
                    return
                future.set_result(instance)
            self._waiting.popleft()

    def _expire(self, entry: tuple[asyncio.Future[Instance | None], Take]) -> None:
        if not entry[0].done():
            entry[0].set_result(None)
            self._waiting.remove(entry)

    def _leave(self, entry: tuple[asyncio.Future[Instance | None], Take]) -> None:
        future = entry[0]
        if entry in self._waiting:
            self._waiting.remove(entry)
        elif not future.cancelled() and (instance := future.result()) is not None:
            instance.give_back()  # it was handed over just before its owner was cancelled
