import asyncio

import pytest

from gateway.cache import flights
from gateway.cache.flights import Flights

NAME = ("entry", b"marker")


class Thing:
    def __init__(self, *, for_all: bool) -> None:
        self.for_all = for_all
        self.claims = 0
        self.is_discarded = False

    def claim(self) -> bool:
        self.claims += 1
        return self.claims == 1

    async def discard(self) -> None:
        self.is_discarded = self.claims == 0


class Work:
    def __init__(self, thing: Thing) -> None:
        self.thing = thing
        self.go = asyncio.Event()
        self.is_cancelled = False

    async def __call__(self) -> Thing:
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.is_cancelled = True
            raise
        return self.thing


async def test_what_is_for_all_is_found_for_a_moment_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever looked into Valkey just before it got there must not fetch it again."""
    monkeypatch.setattr(flights, "LINGER", 0.05)
    every: Flights[Thing] = Flights()
    work = Work(Thing(for_all=True))
    flight = every.start(NAME, work())
    work.go.set()
    assert await flight.wait() is work.thing
    assert every.find(NAME) is flight
    assert await flight.wait() is work.thing
    async with asyncio.timeout(5):
        while every.find(NAME) is not None:  # noqa: ASYNC110  there is no event for what is forgotten
            await asyncio.sleep(0.01)
    assert not len(every)


async def test_what_is_for_one_goes_to_one_and_is_forgotten_at_once() -> None:
    every: Flights[Thing] = Flights()
    work = Work(Thing(for_all=False))
    flight = every.start(NAME, work())
    waiting = [asyncio.create_task(flight.wait()) for _ in range(5)]
    work.go.set()
    assert sorted([await each is work.thing for each in waiting]) == [False] * 4 + [True]
    assert every.find(NAME) is None
    assert not work.thing.is_discarded


async def test_last_to_leave_ends_what_nobody_waits_for() -> None:
    every: Flights[Thing] = Flights()
    work = Work(Thing(for_all=True))
    flight = every.start(NAME, work())
    first, second = (asyncio.create_task(flight.wait()) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    assert not flight.task.cancelling()
    second.cancel()
    await asyncio.gather(second, return_exceptions=True)
    assert every.find(NAME) is None  # who comes now begins anew
    await asyncio.gather(flight.task, return_exceptions=True)
    assert work.is_cancelled
    assert every.find(NAME) is None


async def test_what_is_kept_goes_on_alone() -> None:
    every: Flights[Thing] = Flights()
    work = Work(Thing(for_all=True))
    flight = every.start(NAME, work(), kept=True)
    assert await flight.wait(0.01) is None
    assert flight.outcome is None
    work.go.set()
    assert await flight.wait() is work.thing
    assert flight.outcome is work.thing


async def test_what_comes_as_its_only_waiter_leaves_is_discarded() -> None:
    every: Flights[Thing] = Flights()
    work = Work(Thing(for_all=False))
    flight = every.start_alone(work())
    waiting = asyncio.create_task(flight.wait())
    await asyncio.sleep(0)
    work.go.set()
    await flight.task
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert work.thing.is_discarded
    assert every.find(NAME) is None


async def test_failure_is_told_to_everybody_and_missed_by_nobody() -> None:
    async def fail() -> Thing:
        raise ValueError

    every: Flights[Thing] = Flights()
    flight = every.start(NAME, fail())
    for _ in range(2):
        with pytest.raises(ValueError, match=r"^$"):
            await flight.wait()
    assert flight.outcome is None
    assert every.find(NAME) is None
    every.start(NAME, fail(), kept=True)
    await asyncio.sleep(0)


async def test_closing_ends_all() -> None:
    every: Flights[Thing] = Flights()
    works = [Work(Thing(for_all=True)) for _ in range(2)]
    every.start(NAME, works[0](), kept=True)
    every.start_alone(works[1]())
    assert len(every) == 2
    await asyncio.sleep(0)
    await every.aclose()
    assert [work.is_cancelled for work in works] == [True, True]
