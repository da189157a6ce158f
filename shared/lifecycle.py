"""Whether the process is stopping: one fact that readiness, connections and background tasks all ask for."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from shared.errors import describe
from shared.logs import log

_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0  # seconds
_STEADY = 30.0  # seconds; work that ran this long failed for a new reason
_PATIENCE = 5.0  # seconds


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
async def background(name: str, work: Work, *, every: float | None = None, after: float = 0.0) -> AsyncIterator[None]:
    """Run `work` beside the program, again after `every` seconds if given, and cancel it at the end.

    It begins `after` so many seconds: what can wait needs no connection of its own while all else starts.

    Work that fails is logged and tried again after a growing pause; a task without a reference never exists.
    Work that doesn't let itself be cancelled holds the end up for a few seconds only.
    """
    task = asyncio.create_task(_keep_running(name, work, every, after), name=name)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task}, timeout=_PATIENCE)


def out_of_step(seconds: float) -> float:
    """Return about as many: what looks around at the same times as others needs a connection for each of them."""
    return seconds * random.uniform(0.9, 1.1)  # noqa: S311  no secret


async def _keep_running(name: str, work: Work, every: float | None, after: float) -> None:
    if after:
        await asyncio.sleep(after)
    pause = _FIRST_PAUSE
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    while True:
        started = loop.time()
        try:
            await work()
        except Exception as exc:  # noqa: BLE001  whatever it is, the task must live on
            if task.cancelling():  # the failure took the place of our cancellation
                return
            if loop.time() - started >= _STEADY:
                pause = _FIRST_PAUSE
            log.warning(
                "background_work_failed",
                **{"colonnade.work": name, "error.message": describe(exc), "colonnade.retry_seconds": pause},
            )
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
        else:
            if every is None:
                return
            pause = _FIRST_PAUSE
            await asyncio.sleep(out_of_step(every))
