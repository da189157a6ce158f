"""Whether the process is stopping: one fact that readiness, connections and background tasks all ask for."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from shared.logs import log

_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0  # seconds


class Lifecycle:
    """`stopping` turns true once, when the process was told to stop; `stop` may be awaited."""

    def __init__(self) -> None:
        self._stop = asyncio.Event()

    @property
    def stopping(self) -> bool:
        return self._stop.is_set()

    def begin_stop(self) -> None:
        self._stop.set()

    async def stop(self) -> None:
        await self._stop.wait()


Work = Callable[[], Awaitable[None]]


@asynccontextmanager
async def background(name: str, work: Work, *, every: float | None = None) -> AsyncIterator[None]:
    """Run `work` beside the program, again after `every` seconds if given, and cancel it at the end.

    Work that fails is logged and tried again after a growing pause; a task without a reference never exists.
    """
    task = asyncio.create_task(_keep_running(name, work, every), name=name)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _keep_running(name: str, work: Work, every: float | None) -> None:
    pause = _FIRST_PAUSE
    while True:
        try:
            await work()
        except Exception as exc:  # noqa: BLE001  whatever it is, the task must live on
            log.warning("background_work_failed", work=name, error=repr(exc), retry_in=pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
        else:
            if every is None:
                return
            pause = _FIRST_PAUSE
            await asyncio.sleep(every)
