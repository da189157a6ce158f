"""Work that takes a core for a fifth of a second: so much of it at once, and shed rather than late.

Whoever waits does so in order, and for some seconds at most: the newest is refused when those before it would take
longer. What was begun is finished, also for somebody who has left.
"""

import asyncio
import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

from auth_service.metrics import (
    PASSWORD_HASH_SECONDS,
    PASSWORD_HASHES_SHED,
    PASSWORD_THREADS,
    PASSWORD_WAIT_SECONDS,
    PASSWORDS_BUSY,
    PASSWORDS_WAITING,
)
from shared.errors import Unavailable

T = TypeVar("T")

PATIENCE = 4.0  # seconds; hashing itself comes on top, and who waited for so long should not wait in vain
_RETRY_SECONDS = 2  # at least
_WEIGHT = 0.1  # of the newest duration in the average


class HashingQueue:
    """`threads` work at once and `places` more may wait."""

    def __init__(self, threads: int, places: int, patience: float = PATIENCE) -> None:
        self._threads = threads
        self._places = places
        self._patience = patience
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="hashing")
        self._free = asyncio.Semaphore(threads)
        self._waiting = self._busy = 0
        self._average = 0.0  # seconds that one piece takes
        PASSWORD_THREADS.set(threads)
        PASSWORDS_BUSY.set_function(lambda: self._busy)
        PASSWORDS_WAITING.set_function(lambda: self._waiting)

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def run(self, work: Callable[[], T]) -> T:
        """Raises Unavailable instead of having somebody wait for long."""
        self.check_room()
        if self._free.locked():
            await self._await_turn()
        else:
            await self._free.acquire()
        return await self._begin(work)

    def check_room(self) -> None:
        """Raises Unavailable where `run` would have to, before anything else is done for who asks."""
        too_many = self._waiting >= self._places or self._expected() > self._patience
        if self._free.locked() and too_many:
            raise self._shed(self._expected())

    def _expected(self) -> float:
        """Return how many seconds one more would wait."""
        return self._waiting * self._average / self._threads

    async def _await_turn(self) -> None:
        expected = self._expected()
        self._waiting += 1
        try:
            async with asyncio.timeout(self._patience + 1):  # the average may have been wrong
                with PASSWORD_WAIT_SECONDS.time():
                    await self._free.acquire()
        except TimeoutError:
            raise self._shed(expected) from None
        finally:
            self._waiting -= 1

    async def run_if_idle(self, work: Callable[[], T]) -> T | None:
        """Return none at once where it would have to wait."""
        if self._free.locked():
            return None
        await self._free.acquire()
        return await self._begin(work)

    def _begin(self, work: Callable[[], T]) -> asyncio.Future[T]:
        """The place is free again once the thread is, whoever has left by then."""
        loop = asyncio.get_running_loop()
        future = self._pool.submit(self._timed, work)
        self._busy += 1

        def done(_future: object) -> None:
            with suppress(RuntimeError):  # the loop is gone: the program ends
                loop.call_soon_threadsafe(self._end)

        future.add_done_callback(done)
        return asyncio.wrap_future(future)

    def _end(self) -> None:
        self._busy -= 1
        self._free.release()

    def _timed(self, work: Callable[[], T]) -> T:
        started = time.perf_counter()
        try:
            return work()
        finally:
            took = time.perf_counter() - started
            PASSWORD_HASH_SECONDS.observe(took)
            self._average = took if not self._average else self._average + _WEIGHT * (took - self._average)

    def _shed(self, expected: float) -> Unavailable:
        PASSWORD_HASHES_SHED.inc()
        wait = max(_RETRY_SECONDS, math.ceil(expected))
        return Unavailable("Too many people are signing in at once.", retry_after=wait)
