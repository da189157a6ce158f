import pytest

from gateway.authentication.confirmations import Confirmations
from shared.errors import Unavailable
from tests.unit.gateway.authentication.auth_feed import auth_feed


async def test_each_generation_is_reported_once() -> None:
    async with auth_feed() as (feed, client):
        confirmations = Confirmations(client)
        for generation in (0, 0, 1, 0):
            confirmations.note("a", generation)
        confirmations.note("b", 7)
        await confirmations.report()
        await confirmations.report()
        assert feed.confirmed == [{"session_id": "a", "generation": 1}, {"session_id": "b", "generation": 7}]


async def test_what_could_not_be_reported_is_kept() -> None:
    async with auth_feed() as (feed, client):
        confirmations = Confirmations(client)
        confirmations.note("a", 0)
        feed.is_down = True
        with pytest.raises(Unavailable):
            await confirmations.report()
        feed.is_down = False
        await confirmations.report()
        assert feed.confirmed == [{"session_id": "a", "generation": 0}]


async def test_many_are_reported_in_batches() -> None:
    async with auth_feed() as (feed, client):
        confirmations = Confirmations(client)
        for number in range(2500):
            confirmations.note(str(number), 0)
        await confirmations.report()
        assert len(feed.confirmed) == 2500


async def test_memory_is_bounded_and_the_newest_stay() -> None:
    async with auth_feed() as (feed, client):
        confirmations = Confirmations(client, capacity=2)
        for session in "abc":
            confirmations.note(session, 0)
        await confirmations.report()
        assert [each["session_id"] for each in feed.confirmed] == ["b", "c"]
