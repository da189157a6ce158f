"""Uploads that are cut at random, over processes that are killed: `make test-uploads` does a thousand of them."""

import asyncio
import os
import random
import signal
from collections.abc import Iterator
from contextlib import AsyncExitStack
from itertools import cycle

import pytest

from tests.e2e.resuming import Resumer
from tests.e2e.stack import Stack
from tests.e2e.visitor import Visitor
from tests.waiting import eventually

_PEOPLE = 6
_AFTER = 20  # uploads, after which the next process is killed
_KILLED = ("file_service", "postgres", "gateway")


async def test_cut_uploads_come_out_whole_whatever_is_killed_meanwhile(
    fault_stack: Stack, unique: str, pytestconfig: pytest.Config
) -> None:
    """F4, F5: random cut and resume -> hash equal; acknowledged offset, then kill -9 -> HEAD >= acknowledged."""
    wanted = pytestconfig.getoption("--uploads")
    async with AsyncExitStack() as stack:
        visitors = [await stack.enter_async_context(Visitor.at(fault_stack.url)) for _ in range(_PEOPLE)]
        for number, visitor in enumerate(visitors):
            assert (await visitor.register(f"cut-{number}-{unique}@example.org")).status == 201
        resumers = [Resumer(visitor, random.Random(number)) for number, visitor in enumerate(visitors)]
        numbers = iter(range(wanted))
        killing = asyncio.create_task(_kill_in_turn(fault_stack, resumers, wanted))
        await asyncio.gather(*(_upload_some(resumer, numbers) for resumer in resumers))
        await killing
        for resumer in resumers:
            await resumer.verify()
    assert sum(len(resumer.files) for resumer in resumers) == wanted
    assert sum(resumer.cuts for resumer in resumers) >= wanted / 2


async def _upload_some(resumer: Resumer, numbers: Iterator[int]) -> None:
    for _ in numbers:
        await resumer.upload()


async def _kill_in_turn(stack: Stack, resumers: list[Resumer], wanted: int) -> None:
    for goal, name in zip(range(_AFTER // 2, wanted, _AFTER), cycle(_KILLED), strict=False):

        async def reached(goal: int = goal) -> bool:
            return sum(len(resumer.files) for resumer in resumers) >= goal

        await eventually(reached, within=120)
        os.kill(stack.pid(name), signal.SIGKILL)
        await eventually(stack.ready, within=30)
