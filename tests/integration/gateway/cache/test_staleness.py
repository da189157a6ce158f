"""What is stale: validated, used while it is being validated, or used because there is nothing better (RFC 5861)."""

import asyncio

import pytest

from tests.integration.gateway.cache.caching_gateway import CachingGateway
from tests.integration.gateway.cache.conftest import Clock
from tests.waiting import eventually


async def test_stale_answer_is_validated_and_not_sent_again(gateway: CachingGateway, clock: Clock) -> None:
    gateway.origin.headers |= {"ETag": '"one"', "Last-Modified": "Mon, 01 Jan 2024 00:00:00 GMT"}
    await gateway.get("/pictures/1")
    clock.advance(61)
    gateway.origin.headers["X-Note"] = "new"
    got = await gateway.get("/pictures/1")
    assert (got.status, got.body, got.headers["X-Note"]) == (200, b"picture", "new")
    assert got.cache == "colonnade; fwd=stale; fwd-status=304; stored"
    assert gateway.origin.sees("If-None-Match") == [None, '"one"']
    assert gateway.origin.sees("If-Modified-Since") == [None, "Mon, 01 Jan 2024 00:00:00 GMT"]
    fresh = await gateway.get("/pictures/1")
    assert (fresh.cache, fresh.headers["X-Note"]) == ("colonnade; hit", "new")
    assert len(gateway.origin.seen) == 2


async def test_changed_answer_takes_the_stale_ones_place(gateway: CachingGateway, clock: Clock) -> None:
    gateway.origin.headers["ETag"] = '"one"'
    await gateway.get("/pictures/1")
    clock.advance(61)
    gateway.origin.headers["ETag"], gateway.origin.body = '"two"', b"another"
    assert (await gateway.get("/pictures/1")).body == b"another"
    assert (await gateway.get("/pictures/1")).cache == "colonnade; hit"


async def test_answer_that_became_private_is_kept_no_longer(gateway: CachingGateway, clock: Clock) -> None:
    """G21: what was public once and is private now is fetched by each, and the old one never comes back."""
    gateway.origin.headers |= {"ETag": '"one"', "Cache-Control": "max-age=60, stale-if-error=3600"}
    await gateway.get("/pictures/1")
    clock.advance(61)
    gateway.origin.headers["Cache-Control"] = "private"
    got = await gateway.get("/pictures/1")
    assert (got.status, got.body, "stored" in got.cache) == (200, b"picture", False)
    gateway.origin.status = 503
    assert (await gateway.get("/pictures/1")).status == 503


async def test_stale_answer_serves_while_a_new_one_is_fetched(gateway: CachingGateway, clock: Clock) -> None:
    gateway.origin.headers["Cache-Control"] = "max-age=60, stale-while-revalidate=30"
    await gateway.get("/pictures/1")
    clock.advance(70)
    gateway.origin.body = b"another"
    gateway.origin.open.clear()
    for _ in range(10):
        got = await gateway.get("/pictures/1")
        assert (got.body, got.cache, got.ttl) == (b"picture", "colonnade; hit", -10)

    async def is_asked() -> bool:
        return len(gateway.origin.seen) == 2

    await eventually(is_asked)
    gateway.origin.open.set()

    async def is_new() -> bool:
        return (await gateway.get("/pictures/1")).body == b"another"

    await eventually(is_new)
    assert len(gateway.origin.seen) == 2


async def test_stale_answer_does_not_serve_for_longer_than_it_says(gateway: CachingGateway, clock: Clock) -> None:
    gateway.origin.headers["Cache-Control"] = "max-age=60, stale-while-revalidate=30"
    await gateway.get("/pictures/1")
    clock.advance(91)
    gateway.origin.body = b"another"
    assert (await gateway.get("/pictures/1")).body == b"another"


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_stale_answer_stands_in_for_a_failure(gateway: CachingGateway, clock: Clock, status: int) -> None:
    gateway.origin.headers["Cache-Control"] = "max-age=60, stale-if-error=300"
    await gateway.get("/pictures/1")
    clock.advance(70)
    gateway.origin.status, gateway.origin.body = status, b"down"
    got = await gateway.get("/pictures/1")
    assert (got.status, got.body) == (200, b"picture")
    assert (got.cache, got.ttl) == (f"colonnade; fwd=stale; fwd-status={status}", -10)
    clock.advance(291)
    assert (await gateway.get("/pictures/1")).status == status


async def test_stale_answer_stands_in_for_a_service_that_breaks_off(gateway: CachingGateway, clock: Clock) -> None:
    gateway.origin.headers["Cache-Control"] = "max-age=60, stale-if-error=300"
    await gateway.get("/pictures/1")
    clock.advance(70)
    gateway.origin.open.clear()
    waiting = asyncio.create_task(gateway.get("/pictures/1"))

    for number in (2, 3, 4):  # a GET is sent again

        async def is_asked(number: int = number) -> bool:
            return waiting.done() or len(gateway.origin.seen) == number

        await eventually(is_asked)
        if (transport := gateway.origin.seen[-1].transport) is not None:
            transport.abort()
    got = await waiting
    assert (got.status, got.body, got.cache) == (200, b"picture", "colonnade; fwd=stale")


@pytest.mark.parametrize("word", ["must-revalidate", "proxy-revalidate"])
async def test_answer_that_forbids_it_is_never_used_stale(gateway: CachingGateway, clock: Clock, word: str) -> None:
    gateway.origin.headers["Cache-Control"] = f"max-age=60, stale-if-error=300, stale-while-revalidate=300, {word}"
    await gateway.get("/pictures/1")
    clock.advance(61)
    gateway.origin.status = 503
    assert (await gateway.get("/pictures/1")).status == 503
