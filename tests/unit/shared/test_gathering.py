"""Questions of one tick become one, and each doer gets what its own would have got."""

import asyncio
from collections.abc import Sequence

import pytest

from shared.gathering import Gathering


class Store:
    """Knows the squares of even numbers, and answers when `open`."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []
        self.changed = asyncio.Condition()
        self.open = asyncio.Event()
        self.failure: Exception | None = None

    async def squares(self, keys: Sequence[int]) -> dict[int, int]:
        self.asked.append(list(keys))
        async with self.changed:
            self.changed.notify_all()
        await self.open.wait()
        if self.failure is not None:
            raise self.failure
        return {key: key * key for key in keys if key % 2 == 0}

    async def until_asked(self, times: int) -> None:
        async with self.changed:
            await self.changed.wait_for(lambda: len(self.asked) == times)


@pytest.fixture
async def store() -> Store:
    return Store()


async def test_questions_of_one_tick_are_asked_as_one(store: Store) -> None:
    gathering = Gathering(store.squares)
    store.open.set()

    assert await asyncio.gather(*(gathering.find(key) for key in (4, 1, 2, 4))) == [16, None, 4, 16]
    assert store.asked == [[4, 1, 2, 4]]


async def test_question_does_not_wait_for_an_earlier_one(store: Store) -> None:
    gathering = Gathering(store.squares)
    earlier = asyncio.create_task(gathering.find(2))
    await store.until_asked(1)
    later = asyncio.create_task(gathering.find(4))
    await store.until_asked(2)
    store.open.set()

    assert (await earlier, await later) == (4, 16)
    assert store.asked == [[2], [4]]


async def test_failure_is_told_to_all_who_asked_and_to_nobody_after(store: Store) -> None:
    gathering = Gathering(store.squares)
    store.open.set()
    store.failure = ConnectionError("away")

    told = await asyncio.gather(gathering.find(2), gathering.find(4), return_exceptions=True)
    store.failure = None

    assert [type(each) for each in told] == [ConnectionError, ConnectionError]
    assert await gathering.find(4) == 16


async def test_doer_that_is_cancelled_takes_nothing_from_the_others(store: Store) -> None:
    gathering = Gathering(store.squares)
    first, second, third = (asyncio.create_task(gathering.find(key)) for key in (2, 4, 2))
    await store.until_asked(1)
    first.cancel()
    store.open.set()

    assert (await second, await third) == (16, 4)
    assert first.cancelled()
