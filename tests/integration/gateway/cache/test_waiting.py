"""One fetch for all who want the same at the same moment, and no queue where answers can't be shared."""

import asyncio
from typing import Any

import pytest

from gateway.cache.flights import Flight
from gateway.caching import routes
from tests.integration.gateway.cache.caching_gateway import CachingGateway
from tests.waiting import eventually


class Waiters:
    """Counts who waits for a fetch."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0
        wait = Flight.wait

        async def counting(flight: Flight[Any], seconds: float | None = None) -> object:
            self.now += 1
            try:
                return await wait(flight, seconds)
            finally:
                self.now -= 1

        monkeypatch.setattr(Flight, "wait", counting)

    async def are(self, size: int) -> None:
        async def so_many() -> bool:
            return self.now == size

        await eventually(so_many)


@pytest.fixture
def waiters(monkeypatch: pytest.MonkeyPatch) -> Waiters:
    return Waiters(monkeypatch)


async def test_thousand_gets_of_a_cold_key_are_one_fetch(gateway: CachingGateway) -> None:
    gateway.origin.open.clear()
    crowd = asyncio.create_task(gateway.together("/pictures/1", 1000))
    await eventually(gateway.origin_is_asked)
    gateway.origin.open.set()
    answers = await crowd
    assert {(answer.status, answer.body) for answer in answers} == {(200, b"picture")}
    assert len(gateway.origin.seen) == 1
    assert sum(answer.cache.endswith("stored") for answer in answers) == 1
    assert len({answer.headers["X-Request-Id"] for answer in answers}) == 1000


async def test_client_that_leaves_does_not_take_the_others_answer_away(
    gateway: CachingGateway, waiters: Waiters
) -> None:
    gateway.origin.open.clear()
    first = asyncio.create_task(gateway.get("/pictures/1"))
    await eventually(gateway.origin_is_asked)
    others = [asyncio.create_task(gateway.get("/pictures/1")) for _ in range(5)]
    await waiters.are(6)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    await waiters.are(5)
    gateway.origin.open.set()
    assert {(await each).cache for each in others} == {"colonnade; fwd=miss; fwd-status=200; collapsed"}
    assert len(gateway.origin.seen) == 1


async def test_fetch_that_nobody_waits_for_any_more_is_given_up(gateway: CachingGateway) -> None:
    gateway.origin.open.clear()
    only = asyncio.create_task(gateway.get("/pictures/1"))
    await eventually(gateway.origin_is_asked)
    only.cancel()
    await asyncio.gather(only, return_exceptions=True)

    async def is_given_up() -> bool:
        return gateway.origin.seen[0].transport is None

    await eventually(is_given_up, within=3.0)  # the route's time-out would do it in five


async def test_answers_that_are_for_one_are_fetched_side_by_side(gateway: CachingGateway, waiters: Waiters) -> None:
    """No serialisation of private answers: all who waited are at the service at the same time."""
    gateway.origin.headers = {"Cache-Control": "private"}
    gateway.origin.open.clear()
    crowd = asyncio.create_task(gateway.together("/pictures/1", 20))
    await eventually(gateway.origin_is_asked)
    await waiters.are(20)
    gateway.origin.open.set()
    await crowd
    assert len(gateway.origin.seen) == 20

    gateway.origin.open.clear()
    crowd = asyncio.create_task(gateway.together("/pictures/1", 20))

    async def all_are_there() -> bool:
        return len(gateway.origin.seen) == 40

    await eventually(all_are_there)
    gateway.origin.open.set()
    assert {answer.cache for answer in await crowd} == {"colonnade; fwd=bypass; fwd-status=200"}


async def test_nobody_waits_for_anothers_fetch_for_long(
    gateway: CachingGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "WAIT", 0.05)
    gateway.origin.open.clear()
    crowd = asyncio.create_task(gateway.together("/pictures/1", 5))

    async def all_are_there() -> bool:
        return len(gateway.origin.seen) == 5

    await eventually(all_are_there)
    gateway.origin.open.set()
    assert {answer.status for answer in await crowd} == {200}


async def test_each_asks_for_itself_whether_what_must_be_validated_holds(gateway: CachingGateway) -> None:
    gateway.origin.headers = {"Cache-Control": "no-cache", "ETag": '"one"'}
    assert (await gateway.get("/pictures/1")).cache == "colonnade; fwd=miss; fwd-status=200; stored"
    answers = await gateway.together("/pictures/1", 10)
    assert {(answer.body, answer.cache) for answer in answers} == {
        (b"picture", "colonnade; fwd=stale; fwd-status=304; stored")
    }
    assert gateway.origin.sees("If-None-Match") == [None, *['"one"'] * 10]
