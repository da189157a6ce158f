import asyncio

import pytest

from shared import lifecycle
from shared.lifecycle import Lifecycle, background
from tests.waiting import eventually


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lifecycle, "_FIRST_PAUSE", 0.01)
    monkeypatch.setattr(lifecycle, "_LONGEST_PAUSE", 0.04)
    monkeypatch.setattr(lifecycle, "_PATIENCE", 0.2)


class Work:
    """Fails as often as told, then succeeds; remembers when it was called."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.calls: list[float] = []
        self.done = asyncio.Event()

    async def __call__(self) -> None:
        self.calls.append(asyncio.get_running_loop().time())
        if len(self.calls) <= self.failures:
            raise ValueError("not yet")
        self.done.set()

    @property
    def pauses(self) -> list[float]:
        return [later - earlier for earlier, later in zip(self.calls, self.calls[1:], strict=False)]


async def test_process_begins_to_stop_once_and_tells_everyone_who_waits() -> None:
    lifecycle = Lifecycle()
    waiting = asyncio.gather(lifecycle.stop(), lifecycle.stop())
    assert not lifecycle.stopping
    lifecycle.begin_stop()
    lifecycle.begin_stop()
    await asyncio.wait_for(waiting, 1)
    assert lifecycle.stopping


async def test_work_runs_once_beside_the_program() -> None:
    work = Work()
    async with background("work", work):
        await asyncio.wait_for(work.done.wait(), 1)
        await asyncio.sleep(0)
    assert len(work.calls) == 1


async def test_failing_work_is_tried_again_after_growing_pauses_up_to_the_longest() -> None:
    work = Work(failures=5)
    async with background("work", work):
        await asyncio.wait_for(work.done.wait(), 2)
    for pause, least in zip(work.pauses, [0.01, 0.02, 0.04, 0.04, 0.04], strict=True):
        assert least * 0.9 <= pause < least + 0.5


async def test_periodic_work_runs_again_and_a_failure_does_not_end_it() -> None:
    work = Work(failures=2)
    async with background("work", work, every=0.01):

        async def often() -> bool:
            return len(work.calls) >= 6

        await eventually(often)
    assert min(work.pauses) >= 0.009


async def test_work_that_fails_for_ever_ends_with_the_program() -> None:
    failing = Work(failures=1_000_000)

    async def failed_twice() -> bool:
        return len(failing.calls) >= 2

    async with asyncio.timeout(5), background("work", failing):
        await eventually(failed_twice)
    assert "work" not in {task.get_name() for task in asyncio.all_tasks()}


async def test_work_that_turns_its_cancellation_into_a_failure_ends_with_the_program() -> None:
    begun = asyncio.Event()

    async def fail_when_cancelled() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError as exc:
            raise ConnectionError("closing failed too") from exc

    async with asyncio.timeout(5), background("work", fail_when_cancelled):
        await begun.wait()
    assert "work" not in {task.get_name() for task in asyncio.all_tasks()}


async def test_work_that_cannot_be_cancelled_holds_the_end_up_for_a_while_only() -> None:
    released = asyncio.Event()

    async def stubborn() -> None:
        while not released.is_set():
            try:
                await released.wait()
            except asyncio.CancelledError:
                continue

    async with asyncio.timeout(2), background("stubborn", stubborn):
        await asyncio.sleep(0)
    (task,) = (task for task in asyncio.all_tasks() if task.get_name() == "stubborn")
    released.set()
    await asyncio.wait_for(task, 1)


async def test_cancelling_the_program_meanwhile_is_not_swallowed() -> None:
    started = asyncio.Event()

    async def program() -> None:
        async with background("work", Work()):
            started.set()
            await asyncio.sleep(60)

    task = asyncio.create_task(program())
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
