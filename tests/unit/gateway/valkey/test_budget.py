"""Waiting in slices: the other side is blamed for its silence, never for our own delay."""

import asyncio
import time

import pytest

from gateway.valkey import budget
from tests import virtual_time


async def test_answer_in_time_is_returned() -> None:
    assert await budget.within_budget(asyncio.sleep(0, "answer")) == "answer"


async def test_failure_is_passed_on() -> None:
    async def fail() -> None:
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        await budget.within_budget(fail())


def test_silence_is_given_up_after_the_budget_and_cancelled() -> None:
    """R8: at most 50 ms are added."""

    async def ask() -> asyncio.Event:
        cancelled = asyncio.Event()

        async def silence() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                cancelled.set()

        with pytest.raises(TimeoutError):
            await budget.within_budget(silence())
        return cancelled

    cancelled, seconds = virtual_time.run(ask())
    assert cancelled.is_set()
    assert seconds == pytest.approx(0.05)


async def test_work_that_fails_while_it_is_cancelled_fails_as_itself() -> None:
    async def break_off() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise ConnectionError from None

    with pytest.raises(ConnectionError):
        await budget.within_budget(break_off())


async def test_loop_that_was_held_up_blames_nobody() -> None:
    """A pause of this process (longer than the budget) isn't silence of the other side."""
    answered: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def hold_up() -> str:
        asyncio.get_running_loop().call_later(0.001, answered.set_result, "answer")
        time.sleep(2 * budget.SECONDS)  # noqa: ASYNC251  it is the held-up loop
        return await answered

    assert await budget.within_budget(hold_up()) == "answer"


async def test_caller_who_leaves_takes_the_work_along() -> None:
    started, ended = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    caller = asyncio.create_task(budget.within_budget(work()))
    await started.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert ended.is_set()
