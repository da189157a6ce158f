"""What is read from files and may be read again: when somebody asks, as SIGHUP does, or when they have changed."""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

_POLL_SECONDS = 1.0


class Reload:
    """Does `work` whenever it is asked for, and whenever `has_changed` is true, which is looked at each second."""

    def __init__(self, has_changed: Callable[[], bool], work: Callable[[], Awaitable[None]]) -> None:
        self._has_changed = has_changed
        self._work = work
        self._asked = asyncio.Event()

    def ask(self) -> None:
        """Have it read anew, whether or not it looks changed."""
        self._asked.set()

    async def follow(self) -> None:
        while True:
            if await self._is_asked() or self._has_changed():
                await self._work()

    async def _is_asked(self) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(_POLL_SECONDS):
                await self._asked.wait()
        asked = self._asked.is_set()
        self._asked.clear()
        return asked


@asynccontextmanager
async def on_hangup(*asks: Callable[[], None]) -> AsyncIterator[None]:
    """Call all of `asks` on each SIGHUP: the loop knows one handler per signal."""
    loop = asyncio.get_running_loop()

    def ask() -> None:
        for each in asks:
            each()

    loop.add_signal_handler(signal.SIGHUP, ask)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGHUP)
