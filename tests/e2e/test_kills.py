"""kill -9 of each process under a stream of writes: nothing acknowledged is lost, and all is ready again by itself."""

import asyncio
import os
import signal

import pytest

from tests.e2e.history import Writer
from tests.e2e.stack import PROCESSES, Stack
from tests.e2e.visitor import Visitor
from tests.waiting import eventually

_WRITERS = 4


@pytest.mark.parametrize("process", PROCESSES)
async def test_a_killed_process_loses_no_acknowledged_write(
    process: str, fault_stack: Stack, unique: str, pytestconfig: pytest.Config
) -> None:
    """R5, R7 and the like for every process: failures meanwhile are problem documents, and recovery needs no help."""
    visitors = [Visitor.at(fault_stack.url) for _ in range(_WRITERS)]
    try:
        for number, visitor in enumerate(visitors):
            assert (await visitor.register(f"{process}-{number}-{unique}@example.org")).status == 201
        writers = [Writer(visitor) for visitor in visitors]
        await _write_through_kills(writers, fault_stack, process, pytestconfig.getoption("--kills"))
        for writer in writers:
            await writer.verify()
            assert writer.history.outcomes["done"] > 0
    finally:
        for visitor in visitors:
            await visitor.session.close()


async def _write_through_kills(writers: list[Writer], stack: Stack, process: str, kills: int) -> None:
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        for writer in writers:
            tasks.create_task(writer.write_until(stop))
        for _ in range(kills):
            await _progress(writers)
            await _kill(stack, process)
        await _progress(writers)
        stop.set()


async def _progress(writers: list[Writer]) -> None:
    """Wait until every writer has had five more writes acknowledged."""
    goals = [writer.history.outcomes["done"] + 5 for writer in writers]

    async def reached() -> bool:
        return all(writer.history.outcomes["done"] >= goal for writer, goal in zip(writers, goals, strict=True))

    await eventually(reached, within=30)


async def _kill(stack: Stack, process: str) -> None:
    pid = stack.pid(process)
    os.kill(pid, signal.SIGKILL)

    async def replaced() -> bool:
        return stack.pid(process) not in (0, pid)

    await eventually(replaced, within=30)
    await eventually(stack.ready, within=30)
