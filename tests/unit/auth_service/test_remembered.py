"""What a provider publishes is fetched seldom, and missed late."""

import asyncio

import pytest

from auth_service.providers.remembered import FRESH, Remembered
from shared.errors import Unavailable


class Publisher:
    def __init__(self) -> None:
        self.asked = 0
        self.away = False
        self.now = 1000.0
        self.remembered = Remembered(self.fetch, lambda: self.now)

    async def fetch(self) -> int:
        await asyncio.sleep(0)
        self.asked += 1
        if self.away:
            raise Unavailable("away")
        return self.asked


async def test_all_who_ask_at_once_share_one_answer() -> None:
    publisher = Publisher()
    assert await asyncio.gather(*(publisher.remembered.get() for _ in range(20))) == [1] * 20


async def test_it_is_fetched_again_after_an_hour() -> None:
    publisher = Publisher()
    await publisher.remembered.get()
    publisher.now += FRESH - 1
    assert await publisher.remembered.get() == 1
    publisher.now += 1
    assert await publisher.remembered.get() == 2


async def test_a_newer_one_is_fetched_no_more_often_than_the_cool_down_allows() -> None:
    publisher = Publisher()
    assert await publisher.remembered.renew(30) == 1
    publisher.now += 29
    assert await publisher.remembered.renew(30) == 1
    publisher.now += 1
    assert await publisher.remembered.renew(30) == 2


async def test_the_last_one_does_for_a_day_while_the_publisher_is_away() -> None:
    publisher = Publisher()
    await publisher.remembered.get()
    publisher.away = True
    publisher.now += FRESH
    assert await publisher.remembered.get() == 1
    publisher.now += 23 * 3600
    with pytest.raises(Unavailable):
        await publisher.remembered.get()


async def test_failure_is_repeated_for_a_moment_without_asking() -> None:
    publisher = Publisher()
    publisher.away = True
    for _ in range(3):
        with pytest.raises(Unavailable):
            await publisher.remembered.get()
    assert publisher.asked == 1
    publisher.away = False
    publisher.now += 5
    assert await publisher.remembered.get() == 2
