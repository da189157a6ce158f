"""A few processes that make pictures. They start when there is something to do, and end when there was nothing for a
while: a service that makes none pays nothing for it.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

from file_service.errors import NotAPicture, PictureTooCostly
from file_service.metrics import PICTURE_SECONDS, PICTURE_WORKERS, PICTURES, PICTURES_MAKING, PICTURES_WAITING
from file_service.pictures.process import Made, WorkerLost, WorkerProcess
from shared.errors import AppError, Unavailable
from shared.logs import log

LOOK_EVERY = 5.0  # seconds, for processes that have rested long enough
_UNREADABLE = "unreadable"
_FAILURES: dict[str, type[AppError]] = {_UNREADABLE: NotAPicture, "costly": PictureTooCostly}


@dataclass(frozen=True, slots=True)
class PoolLimits:
    """`waiting` pictures may stand in line, each for `patience` seconds; one may take `seconds`."""

    workers: int
    waiting: int = 32
    patience: float = 15.0
    seconds: float = 15.0
    idle_seconds: float = 30.0


class PicturePool:
    def __init__(self, limits: PoolLimits) -> None:
        self._limits = limits
        self._places = asyncio.Semaphore(limits.workers)
        self._waiting = 0
        self._resting: list[WorkerProcess] = []
        PICTURE_WORKERS.set(limits.workers)
        PICTURES_WAITING.set_function(lambda: self._waiting if self._places.locked() else 0)

    @property
    def pids(self) -> list[int]:
        """Return which processes rest."""
        return [worker.pid for worker in self._resting]

    @property
    def is_full(self) -> bool:
        """Tell whether whoever comes now is refused."""
        return self._places.locked() and self._waiting >= self._limits.waiting

    async def make(self, wish: bytes, source: AsyncIterator[bytes]) -> bytes:
        """Return the picture.

        Raises NotAPicture, PictureTooCostly, Unavailable where too much is to do, and what `source` raises.
        """
        await self._await_place()
        try:
            with PICTURES_MAKING.track_inprogress(), PICTURE_SECONDS.time():
                made = await self._made(wish, source)
        finally:
            self._places.release()
        if not made.failure:
            PICTURES.labels("made").inc()
            return made.content
        failure = made.failure if made.failure in _FAILURES else _UNREADABLE  # a worker may say anything
        PICTURES.labels(failure).inc()
        raise _FAILURES[failure]

    async def _await_place(self) -> None:
        if self.is_full:
            PICTURES.labels("refused").inc()
            raise Unavailable("Too many pictures are being made.", retry_after=5)
        self._waiting += 1
        try:
            async with asyncio.timeout(self._limits.patience):
                await self._places.acquire()
        except TimeoutError as exc:
            PICTURES.labels("refused").inc()
            raise Unavailable("Too many pictures are being made.", retry_after=5) from exc
        finally:
            self._waiting -= 1

    async def _made(self, wish: bytes, source: AsyncIterator[bytes]) -> Made:
        """A process that hangs or dies takes one picture with it: the next one gets another process."""
        worker = await self._rested() or await WorkerProcess.start()
        well = False
        try:
            async with asyncio.timeout(self._limits.seconds):
                made = await worker.make(wish, source)
            well = True
        except (TimeoutError, WorkerLost) as exc:
            log.warning("picture_worker_lost", **{"error.message": repr(exc), "colonnade.worker.pid": worker.pid})
            return Made(b"", "costly")
        finally:
            await asyncio.shield(self._take_back(worker, well=well))
        return made

    async def _rested(self) -> WorkerProcess | None:
        """Return a process that waits for work, if there is one that hasn't died meanwhile."""
        while self._resting:
            worker = self._resting.pop()
            if worker.is_alive:
                return worker
            await worker.end()
        return None

    async def _take_back(self, worker: WorkerProcess, *, well: bool) -> None:
        if well:
            worker.idle_since = time.monotonic()
            self._resting.append(worker)
        else:
            await worker.end()

    async def rest(self) -> None:
        """End the processes that had nothing to do for long enough, and still have nothing as their turn comes."""
        before = time.monotonic() - self._limits.idle_seconds
        while worker := next((each for each in self._resting if each.idle_since <= before), None):
            self._resting.remove(worker)
            await worker.end()

    async def close(self) -> None:
        while self._resting:
            await self._resting.pop().end()
