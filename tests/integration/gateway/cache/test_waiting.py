"""One fetch for all who want the same at the same moment, and no queue where answers can't be shared."""

import asyncio

import pytest

from gateway import caching
from tests.integration.gateway.cache.caching_gateway import CachingGateway
from tests.waiting import eventually


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


async def test_client_that_leaves_does_not_take_the_others_answer_away(gateway: CachingGateway) -> None:
    gateway.origin.open.clear()
    first = asyncio.create_task(gateway.get("/pictures/1"))
    await eventually(gateway.origin_is_asked)
    others = [asyncio.create_task(gateway.get("/pictures/1")) for _ in range(5)]
    await _all_wait(gateway, 6)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    await _all_wait(gateway, 5)
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

    await eventually(is_given_up)


async def test_answers_that_are_for_one_are_fetched_side_by_side(gateway: CachingGateway) -> None:
    """No serialisation of private answers: all who waited are at the service at the same time."""
    gateway.origin.headers = {"Cache-Control": "private"}
    gateway.origin.open.clear()
    crowd = asyncio.create_task(gateway.together("/pictures/1", 20))
    await eventually(gateway.origin_is_asked)
    await _all_wait(gateway, 20)
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
    monkeypatch.setattr(caching, "WAIT", 0.05)
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


async def _all_wait(gateway: CachingGateway, size: int) -> None:
    """Return once so many connections are open and nothing is being read from them any more."""

    async def are_open() -> bool:
        return len(gateway.running.server.connections) == size

    await eventually(are_open)
