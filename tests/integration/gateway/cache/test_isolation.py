"""Nobody gets what was made for another, and nobody can make an answer for others."""

import asyncio

import pytest
from aiohttp import web

from tests.integration.gateway.cache.caching_gateway import CachingGateway
from tests.integration.gateway.running_gateway import status


async def test_answer_never_depends_on_what_is_not_in_its_key(gateway: CachingGateway) -> None:
    """G23: poisoning by unkeyed headers: what isn't in the key doesn't reach the service."""
    await gateway.ask(
        "GET",
        "/pictures/1",
        {
            "X-Forwarded-Host": "evil.test",
            "X-Forwarded-For": "6.6.6.6",
            "Forwarded": "host=evil.test",
            "X-Anything": "evil",
            "Cookie": "evil=1",
            "Authorization": "Basic evil",
            "User-Agent": "evil",
            "Referer": "https://evil.test/",
            "Origin": "https://evil.test",
            "X-Request-Id": "evil-evil-evil",
            "traceparent": "00-" + "e" * 32 + "-" + "e" * 16 + "-01",
            "Accept-Encoding": "evil",
            "Accept-Charset": "evil",
            "Via": "1.1 evil",
            "Accept": "text/plain",
        },
    )
    (request,) = gateway.origin.seen
    said = {name: value for name, value in request.headers.items() if name != "X-Identity"}
    assert "evil" not in str(said)
    assert {name.lower() for name in said} == {
        "accept", "host", "x-forwarded-proto", "x-forwarded-host", "x-request-id", "traceparent", "x-request-timeout-ms"
    }  # fmt: skip


async def test_languages_are_kept_apart(gateway: CachingGateway) -> None:
    async def speak(request: web.BaseRequest) -> web.Response:
        gateway.origin.seen.append(request)
        words = {"Cache-Control": "max-age=60", "Vary": "Accept-Language"}
        return web.Response(text=request.headers.get("Accept-Language", "none"), headers=words)

    gateway.running.echo.answer = speak
    for language in ("de", "en", "de", "en"):
        assert (await gateway.get("/pictures/1", Accept_Language=language)).body == language.encode()
    assert (await gateway.get("/pictures/1", Accept_Language=" de ,")).cache == "colonnade; hit"
    assert len(gateway.origin.seen) == 2
    for language in ("de", "en"):
        assert (await gateway.get("/plain/1", Accept_Language=language)).body == b"none"
    assert len(gateway.origin.seen) == 3


async def test_query_is_kept_apart_as_it_is_spelt(gateway: CachingGateway) -> None:
    """G23: the order of the query counts."""
    for query in ("", "?a=1&b=2", "?b=2&a=1", "?a=1&b=2&", "?A=1&b=2"):
        assert (await gateway.get(f"/pictures/1{query}")).cache.endswith("stored")
    assert (await gateway.get("/pictures/1?a=1&b=2")).cache == "colonnade; hit"


async def test_get_with_a_body_passes_the_cache_by(gateway: CachingGateway) -> None:
    """G23: a fat GET neither poisons what is kept nor is answered from it."""
    got = await gateway.ask("GET", "/pictures/1", data=b"fat")
    assert (got.status, got.cache) == (200, "colonnade; fwd=bypass")
    assert (await gateway.get("/pictures/1")).cache.endswith("stored")
    assert (await gateway.ask("GET", "/pictures/1", data=b"fat")).cache == "colonnade; fwd=bypass"


@pytest.mark.parametrize("path", ["/mine/x.css", "/mine/x.css?y=.css", "/mine/me%20x.css"])
async def test_name_of_a_file_makes_nothing_public(gateway: CachingGateway, path: str) -> None:
    """G22: cache deception: the route decides what is kept, never a suffix."""
    mine = gateway.running.bearer()
    assert (await gateway.ask("GET", path, mine)).status == 200
    assert (await gateway.ask("GET", path)).status == 401
    assert (await gateway.ask("GET", path, mine)).cache == ""
    assert len(gateway.origin.seen) == 2


@pytest.mark.parametrize(
    "path", ["/mine;.css", "/mine/..%2fpictures/1", "/mine%0a.css", "/pictures/..;/mine", "/pictures/%2e%2e/mine"]
)
async def test_path_of_two_readings_reaches_neither_service_nor_cache(gateway: CachingGateway, path: str) -> None:
    """G22: ;.css, %0a and their like are refused before anybody asks the cache."""
    answer = await gateway.running.raw(f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
    assert status(answer) == 400
    assert b"Cache-Status" not in answer
    assert not gateway.origin.seen


async def test_one_path_in_two_spellings_is_kept_once(gateway: CachingGateway) -> None:
    await gateway.get("/pictures/1")
    answer = await gateway.running.raw(b"GET /pictures/%31 HTTP/1.1\r\nHost: b\r\nConnection: close\r\n\r\n")
    assert b"colonnade; hit" in answer


async def test_people_with_credentials_pass_the_cache_by(gateway: CachingGateway) -> None:
    """G21: on an optional route only what nobody in particular asked for is kept, whatever the answer says."""
    gateway.origin.headers = {"Cache-Control": "public, max-age=60"}
    known = gateway.running.bearer()
    for _ in range(2):
        got = await gateway.ask("GET", "/maybe/1", known)
        assert got.cache == "colonnade; fwd=bypass"
    assert (await gateway.ask("GET", "/maybe/1")).cache.endswith("stored")
    assert (await gateway.ask("GET", "/maybe/1")).cache == "colonnade; hit"
    assert (await gateway.ask("GET", "/maybe/1", known)).cache == "colonnade; fwd=bypass"
    assert (await gateway.ask("GET", "/maybe/1", {"Authorization": "Bearer wrong"})).status == 401


async def test_credentials_mean_nothing_on_a_public_route(gateway: CachingGateway) -> None:
    """G21: Authorization neither reaches the service nor is anything kept under it."""
    assert (await gateway.ask("GET", "/pictures/1", gateway.running.bearer())).cache.endswith("stored")
    assert (await gateway.ask("GET", "/pictures/1")).cache == "colonnade; hit"
    assert gateway.origin.sees("Authorization") == [None]


async def test_routes_to_another_service_share_nothing(gateway: CachingGateway) -> None:
    assert (await gateway.get("/pictures/1")).cache.endswith("stored")
    assert (await gateway.get("/plain/1")).cache.endswith("stored")


async def test_crowd_of_strangers_gets_each_its_own(gateway: CachingGateway) -> None:
    """G29: under many keys at once nobody gets another's answer."""

    async def name(request: web.BaseRequest) -> web.Response:
        return web.Response(text=request.raw_path, headers={"Cache-Control": "max-age=60"})

    gateway.running.echo.answer = name

    async def visit(number: int) -> None:
        path = f"/pictures/{number % 50}"
        assert (await gateway.get(path)).body == path.encode()

    await asyncio.gather(*(visit(number) for number in range(1000)))
