"""What unsafe requests take away (RFC 9111, 4.4)."""

import asyncio

import pytest

from tests.integration.gateway.cache.caching_gateway import CachingGateway, counted
from tests.unit.gateway.authentication.issuing import ISSUER
from tests.waiting import eventually


async def warm(gateway: CachingGateway, *paths: str) -> None:
    for path in paths:
        await gateway.get(path)
        assert (await gateway.get(path)).cache == "colonnade; hit"
    gateway.origin.seen.clear()


async def is_kept(gateway: CachingGateway, path: str) -> bool:
    return (await gateway.get(path, Cache_Control="only-if-cached")).status == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_unsafe_method_takes_the_path_away(gateway: CachingGateway, method: str) -> None:
    """G21: an unsafe method invalidates, whatever query or language its answers were kept with."""
    await warm(gateway, "/pictures/1", "/pictures/1?size=small", "/pictures/2")
    await gateway.get("/pictures/1", Accept_Language="de")
    got = await gateway.ask(method, "/pictures/1?quiet=1", data=b"new")
    assert (got.status, got.cache) == (200, "")
    assert not await is_kept(gateway, "/pictures/1")
    assert not await is_kept(gateway, "/pictures/1?size=small")
    assert (await gateway.get("/pictures/1", Accept_Language="de", Cache_Control="only-if-cached")).status == 504
    assert await is_kept(gateway, "/pictures/2")


@pytest.mark.parametrize(("status", "kept"), [(204, False), (303, False), (500, False), (403, True), (409, True)])
async def test_refused_change_takes_nothing_away(gateway: CachingGateway, status: int, *, kept: bool) -> None:
    await warm(gateway, "/pictures/1")
    gateway.origin.status, gateway.origin.body = status, b""
    assert (await gateway.ask("DELETE", "/pictures/1")).status == status
    assert await is_kept(gateway, "/pictures/1") is kept


@pytest.mark.parametrize(
    ("header", "place", "kept"),
    [
        ("Location", "/pictures/2", False),
        ("Content-Location", "/pictures/2?size=small", False),
        ("Location", "2", False),
        ("Location", f"{ISSUER}/pictures/2", False),
        ("Location", "https://evil.test/pictures/2", True),
        ("Location", "//evil.test/pictures/2", True),
        ("Location", "http://[broken", True),
        ("Location", "/pictures/..%2f2", True),
    ],
)
async def test_places_that_the_answer_names_are_taken_away_too(
    gateway: CachingGateway, header: str, place: str, *, kept: bool
) -> None:
    """G21: Location and Content-Location count if they are of our own origin."""
    await warm(gateway, "/pictures/2")
    gateway.origin.headers = {header: place}
    assert (await gateway.ask("POST", "/pictures/1", data=b"new")).status == 200
    assert await is_kept(gateway, "/pictures/2") is kept


async def test_route_without_a_cache_takes_away_what_its_service_changed(gateway: CachingGateway) -> None:
    await warm(gateway, "/pictures/2")
    gateway.origin.headers = {"Location": "/pictures/2"}
    got = await gateway.ask("PUT", "/mine/2", gateway.running.bearer(), b"new")
    assert (got.status, got.cache) == (200, "")
    assert not await is_kept(gateway, "/pictures/2")


async def test_change_of_what_nobody_keeps_is_none_of_the_caches(gateway: CachingGateway) -> None:
    """An upload, say, whose service keeps pictures as well: it costs no way to Valkey."""
    before = changes_of("mine")
    assert (await gateway.ask("PUT", "/mine/2", gateway.running.bearer(), b"new")).status == 200
    assert changes_of("mine") == before
    gateway.origin.headers = {"Location": "/pictures/2"}
    assert (await gateway.ask("PUT", "/mine/2", gateway.running.bearer(), b"new")).status == 200
    assert changes_of("mine") == before + 1


def changes_of(route: str) -> float:
    return counted("gateway_cache_invalidations_total", route=route)


async def test_answer_fetched_before_a_change_is_not_kept_after_it(gateway: CachingGateway) -> None:
    gateway.origin.open.clear()
    slow = asyncio.create_task(gateway.get("/pictures/1"))
    await eventually(gateway.origin_is_asked)
    assert (await gateway.ask("PUT", "/pictures/1", data=b"new")).status == 200
    later = asyncio.create_task(gateway.get("/pictures/1"))

    async def nobody_waits_for_the_old_one() -> bool:
        return [request.method for request in gateway.origin.seen] == ["GET", "PUT", "GET"]

    await eventually(nobody_waits_for_the_old_one)
    later.cancel()
    await asyncio.gather(later, return_exceptions=True)
    gateway.origin.open.set()
    assert (await slow).status == 200
    assert not await is_kept(gateway, "/pictures/1")
