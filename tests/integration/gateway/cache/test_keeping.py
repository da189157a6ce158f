"""What is kept, for how long, and what clients get of it."""

import time
from email.utils import formatdate

import pytest
from redis import asyncio as aioredis

from tests.integration.gateway.cache.caching_gateway import CachingGateway, counted
from tests.integration.gateway.cache.conftest import Clock


async def test_second_get_is_answered_from_the_cache(gateway: CachingGateway, clock: Clock) -> None:
    first, second = await gateway.get("/pictures/1"), await gateway.get("/pictures/1")
    assert (first.status, first.body, first.cache) == (200, b"picture", "colonnade; fwd=miss; fwd-status=200; stored")
    assert (second.status, second.body, second.cache) == (200, b"picture", "colonnade; hit")
    assert "Age" not in first.headers
    assert second.headers["Age"] == "0"
    assert second.headers["Date"] == first.headers["Date"]
    assert second.ttl == 60
    assert len(gateway.origin.seen) == 1


async def test_date_stays_that_of_the_origin(gateway: CachingGateway) -> None:
    """RFC 9110, 6.6.1: and so the age of an answer that was under way for long is seen."""
    gateway.origin.headers["Date"] = date = formatdate(time.time() - 20, usegmt=True)
    for _ in range(2):
        got = await gateway.get("/pictures/1")
        assert got.headers["Date"] == date
        assert int(got.headers["Age"]) >= 20


async def test_age_that_an_answer_brings_along_counts(gateway: CachingGateway, clock: Clock) -> None:
    gateway.origin.headers = {"Cache-Control": "max-age=60", "Age": "40"}
    await gateway.get("/pictures/1")
    second = await gateway.get("/pictures/1")
    assert (second.headers["Age"], second.ttl) == ("40", 20)


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="nothing is said"),
        pytest.param({"Cache-Control": "private, max-age=60"}, id="private"),
        pytest.param({"Cache-Control": 'private="x-name", max-age=60'}, id="private field"),
        pytest.param({"Cache-Control": "no-store, max-age=60"}, id="no-store"),
        pytest.param({"Cache-Control": "max-age=60", "Set-Cookie": "a=b"}, id="cookie"),
        pytest.param({"Cache-Control": "max-age=60", "Vary": "*"}, id="varies by anything"),
        pytest.param({"Cache-Control": "max-age=0"}, id="stale at once"),
        pytest.param({"Cache-Control": 'max-age=60, x="private'}, id="grammar broken"),
        pytest.param({"Cache-Control": "max-age=60", "Content-Type": "text/event-stream"}, id="events"),
    ],
)
async def test_answer_for_one_is_never_given_to_another(gateway: CachingGateway, headers: dict[str, str]) -> None:
    """G21: private, no-store, Set-Cookie, Vary: * -> never shared."""
    gateway.origin.headers = headers
    for _ in range(3):
        got = await gateway.get("/pictures/1")
        assert (got.status, got.body) == (200, b"picture")
        assert "stored" not in got.cache
        assert got.cache.startswith(("colonnade; fwd=miss", "colonnade; fwd=bypass"))
    assert len(gateway.origin.seen) == 3


@pytest.mark.parametrize(("status", "kept"), [(404, True), (301, True), (204, True), (500, False), (206, False)])
async def test_status_decides_too(gateway: CachingGateway, status: int, *, kept: bool) -> None:
    gateway.origin.status = status
    gateway.origin.body = b"" if status == 204 else b"some"
    first, second = await gateway.get("/pictures/1"), await gateway.get("/pictures/1")
    assert (first.status, first.body) == (second.status, second.body) == (status, gateway.origin.body)
    assert len(gateway.origin.seen) == (1 if kept else 2)


async def test_head_is_answered_from_a_kept_get(gateway: CachingGateway) -> None:
    cold = await gateway.get("/pictures/1", "HEAD")
    assert (cold.status, cold.body, cold.cache) == (200, b"", "colonnade; fwd=miss; fwd-status=200")
    await gateway.get("/pictures/1")
    head = await gateway.get("/pictures/1", "HEAD")
    assert (head.status, head.body, head.headers["Content-Length"], head.cache) == (200, b"", "7", "colonnade; hit")
    assert [request.method for request in gateway.origin.seen] == ["HEAD", "GET"]


async def test_client_that_has_it_gets_304(gateway: CachingGateway) -> None:
    gateway.origin.headers |= {"ETag": '"one"', "Last-Modified": "Mon, 01 Jan 2024 00:00:00 GMT"}
    for condition in ({"If_None_Match": 'W/"one"'}, {"If_Modified_Since": "Mon, 01 Jan 2024 00:00:00 GMT"}):
        got = await gateway.get("/pictures/1", **condition)
        assert (got.status, got.body, got.headers["ETag"]) == (304, b"", '"one"')
        assert "Content-Length" not in got.headers
    assert (await gateway.get("/pictures/1", If_None_Match='"two"')).status == 200
    assert len(gateway.origin.seen) == 1
    assert gateway.origin.sees("If-None-Match") == [None]


async def test_client_that_has_what_is_not_kept_gets_304_too(gateway: CachingGateway) -> None:
    gateway.origin.headers = {"Cache-Control": "private", "ETag": '"one"'}
    for _ in range(3):
        assert (await gateway.get("/pictures/1", If_None_Match='"one"')).status == 304
    assert gateway.origin.sees("If-None-Match") == [None, '"one"', '"one"']


async def test_part_is_cut_from_what_is_kept(gateway: CachingGateway) -> None:
    gateway.origin.headers |= {"ETag": '"one"'}
    cold = await gateway.get("/pictures/1", Range="bytes=0-2")
    assert cold.cache == "colonnade; fwd=miss; fwd-status=200"  # passed through, and not kept
    assert gateway.origin.sees("Range") == ["bytes=0-2"]
    await gateway.get("/pictures/1")
    got = await gateway.get("/pictures/1", Range="bytes=2-3", If_Range='"one"')
    assert (got.status, got.body, got.headers["Content-Range"]) == (206, b"ct", "bytes 2-3/7")
    assert (await gateway.get("/pictures/1", Range="bytes=-3")).body == b"ure"
    assert (await gateway.get("/pictures/1", Range="bytes=2-3", If_Range='"two"')).status == 200
    beyond = await gateway.get("/pictures/1", Range="bytes=7-")
    assert (beyond.status, beyond.headers["Content-Range"]) == (416, "bytes */7")
    assert len(gateway.origin.seen) == 2


async def test_wish_for_a_fresh_answer_is_not_heeded(gateway: CachingGateway) -> None:
    await gateway.get("/pictures/1")
    for wish in ("no-cache", "max-age=0", "min-fresh=100", "max-stale"):
        assert (await gateway.get("/pictures/1", Cache_Control=wish, Pragma="no-cache")).cache == "colonnade; hit"


async def test_only_if_cached_asks_nobody(gateway: CachingGateway) -> None:
    got = await gateway.get("/pictures/1", Cache_Control="only-if-cached")
    assert (got.status, got.headers["Cache-Status"]) == (504, "colonnade; fwd=request; detail=only-if-cached")
    assert not gateway.origin.seen
    await gateway.get("/pictures/1")
    assert (await gateway.get("/pictures/1", Cache_Control="only-if-cached")).cache == "colonnade; hit"


async def test_request_that_says_no_store_leaves_nothing(gateway: CachingGateway) -> None:
    for _ in range(2):
        assert (
            await gateway.get("/pictures/1", Cache_Control="no-store")
        ).cache == "colonnade; fwd=miss; fwd-status=200"
    assert len(gateway.origin.seen) == 2


async def test_kept_answer_carries_nothing_of_the_request_that_brought_it(gateway: CachingGateway) -> None:
    gateway.origin.headers |= {"X-RateLimit-Limit": "7", "Access-Control-Allow-Origin": "*", "Server": "secret"}
    own = {"X_Request_Id": "the-first-one", "Origin": "https://app.example.org"}
    first = await gateway.get("/pictures/1", **own)
    second = await gateway.get("/pictures/1", X_Request_Id="the-second-one")
    assert (first.headers["X-Request-Id"], second.headers["X-Request-Id"]) == ("the-first-one", "the-second-one")
    assert first.headers["Access-Control-Allow-Origin"] == "https://app.example.org"
    assert not {"Access-Control-Allow-Origin", "X-RateLimit-Limit", "Server"} & set(second.headers)
    assert second.headers["RateLimit-Remaining"] != first.headers["RateLimit-Remaining"]


async def test_limits_count_hits(gateway: CachingGateway) -> None:
    assert [(await gateway.get("/scarce/1")).status for _ in range(3)] == [200, 200, 429]
    assert len(gateway.origin.seen) == 1


async def test_large_answer_streams_through_and_is_not_kept(gateway: CachingGateway) -> None:
    body = bytes(range(256)) * 20_000
    gateway.origin.body = body
    for _ in range(2):
        got = await gateway.get("/pictures/1")
        assert got.body == body
        assert "stored" not in got.cache
    assert len(gateway.origin.seen) == 2
    gateway.origin.body = body[:1001]
    assert "stored" not in (await gateway.get("/small/1")).cache
    gateway.origin.body = body[:1000]
    assert (await gateway.get("/small/2")).cache.endswith("stored")


async def test_use_is_counted_by_route(gateway: CachingGateway) -> None:
    def counts() -> list[float]:
        outcomes = [
            counted("gateway_cache_requests_total", route="pictures", outcome=outcome)
            for outcome in ("hit", "miss", "bypass")
        ]
        served = counted("gateway_cache_served_bytes_total", route="pictures")
        return [*outcomes, served, counted("gateway_cache_stores_total", route="pictures")]

    before = counts()
    for _ in range(3):
        await gateway.get("/pictures/1")
    await gateway.ask("GET", "/pictures/1", data=b"fat")
    assert [now - then for now, then in zip(counts(), before, strict=True)] == [2, 1, 1, 14, 1]


async def test_entry_goes_from_valkey_with_its_time(gateway: CachingGateway, valkey_url: str) -> None:
    await gateway.get("/pictures/1")
    async with aioredis.from_url(valkey_url) as client:
        keys = [key async for key in client.scan_iter("cache:*")]
        assert len(keys) == 2
        assert {50 < await client.ttl(key) <= 120 for key in keys} == {True}


async def test_reader_is_refused_in_words_where_the_service_is_not_told_what_browsers_take(
    gateway: CachingGateway,
) -> None:
    """What is kept is the same for everybody: nobody's headers went into it."""
    browser = {"Accept": "text/html,*/*;q=0.8", "Accept_Language": "de"}
    await gateway.get("/plain/1", **browser)
    assert (gateway.origin.sees("Accept"), gateway.origin.sees("Accept-Language")) == ([None], [None])
    gateway.origin.status, gateway.origin.headers = 404, {"Cache-Control": "no-store"}
    for number in range(2):
        assert (await gateway.get("/plain/gone", **browser)).status == 404, number
        assert gateway.origin.sees("Accept")[-1] == browser["Accept"]
        assert gateway.origin.sees("Accept-Language")[-1] == "de"
    asked = len(gateway.origin.seen)
    await gateway.get("/plain/other", Accept="image/png")
    assert gateway.origin.sees("Accept")[asked:] == [None]
    await gateway.get("/pictures/gone", **browser)  # which was told at once
    assert len(gateway.origin.seen) == asked + 2
