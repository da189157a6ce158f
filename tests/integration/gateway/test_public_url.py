"""An installation with an https PUBLIC_URL and a path prefix, behind a proxy on this host."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from tests.integration.gateway.conftest import ready
from tests.integration.gateway.running_gateway import RunningGateway, run_gateway, status

PUBLIC_URL = "https://app.example.org/at/home"
BROWSER = {"Accept": "text/html,*/*;q=0.8"}
PLAIN = {"X-Forwarded-Proto": "http"}


@pytest.fixture
async def behind_proxy(tmp_path: Path, valkey_url: str) -> AsyncIterator[RunningGateway]:
    changes = {"PUBLIC_URL": PUBLIC_URL, "TRUSTED_PROXIES": "127.0.0.1", "CORS_ORIGINS": "https://app.example.net"}
    async with run_gateway(tmp_path, valkey_url, **changes) as running:
        await ready(running)
        yield running


@pytest.fixture
async def among_strangers(tmp_path: Path, valkey_url: str) -> AsyncIterator[RunningGateway]:
    async with run_gateway(tmp_path, valkey_url, PUBLIC_URL=PUBLIC_URL) as running:
        await ready(running)
        yield running


@pytest.mark.parametrize("path", ["/", "/at/home/", "/at/home"])
async def test_browser_that_came_by_http_is_sent_to_https(behind_proxy: RunningGateway, path: str) -> None:
    url = behind_proxy.url + path
    async with behind_proxy.client.get(url, headers=BROWSER | PLAIN, allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (308, f"{PUBLIC_URL}/")
        assert "Strict-Transport-Security" not in answer.headers
    async with behind_proxy.client.get(url, headers=BROWSER | {"X-Forwarded-Proto": "https"}) as answer:
        assert answer.status == 200
        assert "Strict-Transport-Security" in answer.headers


async def test_program_that_came_by_http_is_refused_and_its_token_goes_nowhere(behind_proxy: RunningGateway) -> None:
    """The page of an allowed origin may read why."""
    headers = PLAIN | behind_proxy.bearer() | {"Origin": "https://app.example.net"}
    for method in ("GET", "POST", "OPTIONS"):
        async with behind_proxy.client.request(method, f"{behind_proxy.url}/mine", headers=headers) as answer:
            assert (answer.status, (await answer.json())["code"]) == (403, "https_required")
            assert answer.headers["Access-Control-Allow-Origin"] == "https://app.example.net"
            assert "Location" not in answer.headers
    assert not behind_proxy.echo.seen


async def test_token_that_is_known_is_refused_by_http_too(behind_proxy: RunningGateway) -> None:
    """Neither lane lets it pass."""
    bearer = behind_proxy.bearer(iss=PUBLIC_URL)
    for proto, expected in (("https", 200), ("https", 200), ("http", 403), ("https", 200)):
        headers = bearer | {"X-Forwarded-Proto": proto}
        async with behind_proxy.client.get(f"{behind_proxy.url}/mine", headers=headers) as answer:
            assert answer.status == expected
            assert ("Strict-Transport-Security" in answer.headers) == (proto == "https")
    assert len(behind_proxy.echo.seen) == 3


@pytest.mark.parametrize(("accept", "expected"), [("text/html", 308), ("*/*", 403)])
async def test_redirect_and_refusal_are_explained(behind_proxy: RunningGateway, accept: str, expected: int) -> None:
    asked = {"Accept": accept} | PLAIN
    query = [("path", "/docs"), *(("header", f"{name}: {value}") for name, value in asked.items())]
    url = f"http://127.0.0.1:{behind_proxy.private_port}/explain"
    async with behind_proxy.client.get(url, params=query, headers={"Accept": "application/json"}) as answer:
        told = await answer.json()
    async with behind_proxy.client.get(f"{behind_proxy.url}/docs", headers=asked, allow_redirects=False) as answer:
        assert answer.status == expected
    assert told["status"] == expected
    assert told["steps"][-1]["name"] == "https"
    assert "Strict-Transport-Security" not in dict(told["answer_headers"])


async def test_stranger_cannot_say_how_it_came(among_strangers: RunningGateway) -> None:
    """G10"""
    async with among_strangers.client.get(f"{among_strangers.url}/open", headers=PLAIN) as answer:
        assert answer.status == 200


@pytest.mark.parametrize(
    "target",
    [
        "/docs%0d%0aSet-Cookie:%20a=b",
        "/docs%0a",
        "//evil.example/docs",
        "/\\evil.example",
        "/docs/../x",
        "/docs%00",
        "https://evil.example/docs",
    ],
)
async def test_odd_paths_are_refused_and_never_reflected(behind_proxy: RunningGateway, target: str) -> None:
    """G20"""
    head = f"GET {target} HTTP/1.1\r\nHost: evil.example\r\nAccept: text/html\r\nX-Forwarded-Proto: http\r\n"
    answer = await behind_proxy.raw(f"{head}Connection: close\r\n\r\n".encode())
    assert status(answer) == 400
    assert b"\r\nLocation" not in answer
    assert b"\r\nSet-Cookie" not in answer


async def test_host_of_the_request_is_never_where_a_browser_is_sent(behind_proxy: RunningGateway) -> None:
    """A12, G5"""
    headers = BROWSER | PLAIN | {"Host": "evil.example", "X-Forwarded-Host": "evil.example"}
    async with behind_proxy.client.get(f"{behind_proxy.url}/docs", headers=headers, allow_redirects=False) as answer:
        assert answer.headers["Location"] == f"{PUBLIC_URL}/docs"


async def test_query_cannot_end_the_location(behind_proxy: RunningGateway) -> None:
    """G20"""
    head = 'GET /docs?"><b>%0d%0aX:y HTTP/1.1\r\nHost: h\r\nAccept: text/html\r\nX-Forwarded-Proto: http\r\n'
    answer = await behind_proxy.raw(f"{head}Connection: close\r\n\r\n".encode())
    assert status(answer) == 308
    assert f"Location: {PUBLIC_URL}/docs?%22%3E%3Cb%3E%0d%0aX:y\r\n".encode() in answer


@pytest.mark.parametrize("method", ["GET", "POST"])  # by the fast lane, and by the other
async def test_answers_of_services_name_places_below_the_prefix(behind_proxy: RunningGateway, method: str) -> None:
    async def answer_with_places(_request: web.BaseRequest) -> web.Response:
        headers = [
            ("Location", "/v1/things/1"),
            ("Link", '</v1/things?x=2>; rel="next"'),
            ("Set-Cookie", "a=b; Path=/"),
        ]
        return web.Response(status=201, headers=headers)

    behind_proxy.echo.answer = answer_with_places
    async with behind_proxy.client.request(method, f"{behind_proxy.url}/at/home/open/1") as answer:
        assert answer.headers["Location"] == "/at/home/v1/things/1"
        assert answer.headers["Link"] == '</at/home/v1/things?x=2>; rel="next"'
        assert answer.headers["Set-Cookie"] == "a=b; Path=/at/home"
    assert [request.raw_path for request in behind_proxy.echo.seen] == ["/open/1"]


async def test_failure_shown_as_a_page_finds_its_stylesheet(behind_proxy: RunningGateway) -> None:
    async with behind_proxy.client.get(f"{behind_proxy.url}/at/home/nowhere", headers=BROWSER) as answer:
        assert answer.status == 404
        loaded = re.findall(r'href="([^"#][^"]*)"', await answer.text())
    assert loaded
    assert all(each.startswith("/at/home/") for each in loaded)
