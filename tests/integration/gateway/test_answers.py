"""What every answer carries, and what is said about it afterwards."""

import json
import re
from typing import Any

import pytest
from aiohttp import web
from msgspec import to_builtins

from shared.logs import log
from tests.integration.gateway.running_gateway import RunningGateway

ORIGIN = "https://app.example.org"
PREFLIGHT = {"Origin": ORIGIN, "Access-Control-Request-Method": "PATCH"}


async def test_answers_carry_security_and_limit_headers(gateway: RunningGateway) -> None:
    for path, status in (("open", 200), ("mine", 401), ("nowhere", 404)):
        async with gateway.client.get(f"{gateway.url}/{path}") as answer:
            assert answer.status == status
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
            assert "Origin" in answer.headers["Vary"]
            assert len(answer.headers["X-Request-Id"]) >= 8
            assert ("RateLimit" in answer.headers) == (status == 200)
            assert "Strict-Transport-Security" not in answer.headers  # PUBLIC_URL is http


async def test_refused_by_limit_says_when_to_come_back(gateway: RunningGateway) -> None:
    for expected in (200, 200, 429):
        async with gateway.client.get(f"{gateway.url}/scarce") as answer:
            assert answer.status == expected
            document = await answer.json()
    assert int(answer.headers["Retry-After"]) >= 1
    assert answer.headers["RateLimit-Remaining"] == "0"
    assert document["code"] == "rate_limited"
    assert re.fullmatch(r"Try again in \d+ minutes\.", document["detail"])
    assert len(gateway.echo.seen) == 2


async def test_preflight_is_answered_before_anyone_signs_in(gateway: RunningGateway) -> None:
    """G24: by the gateway alone."""
    async with gateway.client.options(f"{gateway.url}/mine", headers=PREFLIGHT) as answer:
        assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (204, ORIGIN)
        assert "PATCH" in answer.headers["Access-Control-Allow-Methods"]
        assert answer.headers["Access-Control-Allow-Headers"].endswith(", X-My-Header")
    assert not gateway.echo.seen


@pytest.mark.parametrize("origin", ["null", "https://app.example.org.evil.example", "https://evil.example", "https://"])
async def test_other_origins_get_nothing(gateway: RunningGateway, origin: str) -> None:
    """G24"""
    headers = PREFLIGHT | {"Origin": origin}
    async with gateway.client.options(f"{gateway.url}/mine", headers=headers) as answer:
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert "Origin" in answer.headers["Vary"]
    async with gateway.client.get(f"{gateway.url}/open", headers={"Origin": origin}) as answer:
        assert "Access-Control-Allow-Origin" not in answer.headers


async def test_allowed_origin_may_read_failures_too(gateway: RunningGateway) -> None:
    async with gateway.client.get(f"{gateway.url}/mine", headers={"Origin": ORIGIN}) as answer:
        assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (401, ORIGIN)
        assert answer.headers["Access-Control-Expose-Headers"].endswith(", X-Total")


async def test_method_that_a_route_lacks_is_told_what_it_has(gateway: RunningGateway) -> None:
    for method in ("OPTIONS", "POST"):
        async with gateway.client.request(method, f"{gateway.url}/") as answer:
            assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD")


async def test_browser_gets_a_page_where_a_program_gets_a_problem(gateway: RunningGateway) -> None:
    async with gateway.client.get(f"{gateway.url}/nowhere", headers={"Accept": "text/html,*/*"}) as answer:
        assert (answer.status, answer.content_type) == (404, "text/html")
        assert "default-src 'none'; script-src 'self'" in answer.headers["Content-Security-Policy"]
        assert "<h1>There is nothing here</h1>" in await answer.text()
    german = {"Accept": "text/html", "Accept-Language": "de"}
    async with gateway.client.get(f"{gateway.url}/nowhere", headers=german) as answer:
        assert "<h1>Hier ist nichts</h1>" in await answer.text()
    async with gateway.client.post(f"{gateway.url}/nowhere", headers=german) as answer:
        assert "Noch einmal senden" not in await answer.text()
    async with gateway.client.get(f"{gateway.url}/nowhere") as answer:
        document = await answer.json()
    assert (answer.content_type, document["instance"]) == ("application/problem+json", "/nowhere")


@pytest.mark.parametrize("path", ["livez", "readyz", "metrics", "internal/events", "LIVEZ"])
async def test_private_paths_are_not_to_be_had(gateway: RunningGateway, path: str) -> None:
    async with gateway.client.get(f"{gateway.url}/{path}") as answer:
        assert answer.status == 404
    assert not gateway.echo.seen


async def test_own_pages_are_served(gateway: RunningGateway) -> None:
    async with gateway.client.get(gateway.url) as answer:
        assert (answer.status, answer.content_type) == (200, "text/html")
        etag = answer.headers["ETag"]
    async with gateway.client.head(gateway.url) as answer:
        assert (answer.status, await answer.read()) == (200, b"")
        assert int(answer.headers["Content-Length"]) > 100
    async with gateway.client.get(gateway.url, headers={"If-None-Match": etag}) as answer:
        assert (answer.status, await answer.read()) == (304, b"")


async def test_services_are_described_together(gateway: RunningGateway) -> None:
    async def describe(request: web.BaseRequest) -> web.Response:
        assert request.raw_path == "/openapi.json"
        paths: dict[str, object] = {"/v1/things": {"get": {"responses": {}}}, "/reading/{id}": {"get": {}}}
        return web.json_response({"openapi": "3.1.0", "info": {"title": "x", "version": "1"}, "paths": paths})

    gateway.echo.answer = describe
    plain = {"Accept-Encoding": "identity"}
    async with gateway.client.get(f"{gateway.url}/openapi.json", headers=plain) as answer:
        paths = (await answer.json())["paths"]
    assert paths["/v1/things"]["get"] == {"responses": {}}
    assert paths["/reading/{id}"]["get"]["security"][0] == {"bearer": ["files:read"]}
    assert "403" in paths["/reading/{id}"]["get"]["responses"]


async def test_service_that_does_not_describe_itself_is_unavailable(gateway: RunningGateway) -> None:
    async def refuse(_request: web.BaseRequest) -> web.Response:
        return web.Response(status=500)

    gateway.echo.answer = refuse
    async with gateway.client.get(f"{gateway.url}/openapi.json") as answer:
        assert answer.status == 503


async def test_one_line_is_logged_and_no_secret_in_it(gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[dict[str, Any]] = []
    monkeypatch.setattr(log, "line", lambda _level, event, line: lines.append(to_builtins(line) | {"event": event}))
    bearer = gateway.bearer()
    async with gateway.client.post(
        f"{gateway.url}/mine/x?token=query-secret", headers=bearer, data=b"body-secret"
    ) as answer:
        request_id = answer.headers["X-Request-Id"]
    (line,) = lines
    assert line["event"] == "request"
    assert (line["http.route"], line["url.path"], line["user.id"]) == ("mine", "/mine/x", gateway.issuer.user_id)
    assert (line["http.response.status_code"], line["http.request.id"]) == (200, request_id)
    text = json.dumps(line)
    assert "secret" not in text
    assert bearer["Authorization"].split()[1] not in text


async def test_requests_are_measured_by_route_never_by_path(gateway: RunningGateway) -> None:
    for path in ("open/some-unique-path", "nowhere/some-unique-path"):
        async with gateway.client.get(f"{gateway.url}/{path}"):
            pass
    async with gateway.client.get(f"http://127.0.0.1:{gateway.private_port}/metrics") as answer:
        text = await answer.text()
    assert 'http_request_duration_seconds_count{method="GET",route="open",status="200"}' in text
    assert 'http_request_duration_seconds_count{method="GET",route="unmatched",status="404"}' in text
    assert "some-unique-path" not in text


async def test_bug_of_ours_is_told_by_its_request_id_alone(
    gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object, **_options: object) -> None:
        raise RuntimeError("an inner detail")

    monkeypatch.setattr("gateway.proxy.RequestBody", fail)
    async with gateway.client.get(f"{gateway.url}/open") as answer:
        document = await answer.json()
    assert (answer.status, document["code"]) == (500, "internal_error")
    assert "inner detail" not in json.dumps(document)
