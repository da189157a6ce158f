import asyncio
import json
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from shared.identity import HEADER, Kind, Verifier, load_trust
from tests.integration.gateway.running_gateway import RunningGateway, run_gateway


def url(gateway: RunningGateway, target: str) -> URL:
    """The target exactly as written: a client would tidy it up."""
    return URL(gateway.url + target, encoded=True)


def values(told: dict[str, list[list[str]]], name: str) -> list[str]:
    return [value for key, value in told["headers"] if key.lower() == name.lower()]


async def test_request_reaches_its_service_and_the_answer_comes_back(gateway: RunningGateway) -> None:
    async with gateway.client.post(url(gateway, "/open/a%20b?q=%2F%3F&q=2"), data=b"hello") as answer:
        told = await answer.json()
    assert (answer.status, answer.content_type) == (200, "application/json")
    assert (told["method"], told["target"], told["length"]) == ("POST", "/open/a%20b?q=%2F%3F&q=2", 5)


@pytest.mark.parametrize("target", ["/open/../mine", "/open/%2e%2e/mine", "/open//x", "/open/a%2fb", "/open/%252e"])
async def test_ambiguous_path_is_refused(gateway: RunningGateway, target: str) -> None:
    """G11"""
    async with gateway.client.get(url(gateway, target)) as answer:
        assert (answer.status, (await answer.json())["code"]) == (400, "bad_path")
    assert not gateway.echo.seen


async def test_forwarded_path_is_the_one_that_was_authorised(gateway: RunningGateway) -> None:
    """G11: one canonical path, both matched and forwarded."""
    async with gateway.client.get(url(gateway, "/%6Fpen/%7e?a=..%2f")) as answer:
        assert (await answer.json())["target"] == "/open/~?a=..%2f"


@pytest.mark.parametrize(
    "name", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "x-http-method-override"]
)
async def test_method_is_the_one_that_was_authorised(gateway: RunningGateway, name: str) -> None:
    """G13: another one named in a header neither chooses the route nor reaches the service."""
    async with gateway.client.post(f"{gateway.url}/open", headers={name: "DELETE"}) as answer:
        told = await answer.json()
    assert (told["method"], values(told, name)) == ("POST", [])
    async with gateway.client.post(f"{gateway.url}/lobby", headers={name: "GET"}) as answer:
        assert (answer.status, answer.headers["Allow"]) == (405, "GET")
    async with gateway.client.get(f"{gateway.url}/", headers={name: "DELETE"}) as answer:
        assert answer.status == 200


async def test_identity_is_the_gateways_alone(gateway: RunningGateway, tmp_path: Path) -> None:
    """G8: a client's own X-Identity, in any spelling, more than once."""
    forged = [("X-Identity", "evil"), ("x-identity", "evil"), ("X_Identity", "evil"), ("X-User-Id", "evil")]
    headers = [*forged, *gateway.bearer().items()]
    async with gateway.client.get(f"{gateway.url}/mine", headers=headers) as answer:
        told = await answer.json()
    assert "evil" not in json.dumps(told["headers"])
    (token,) = values(told, HEADER)
    identity = Verifier(load_trust(tmp_path / "trust.json"), "user_service").verify(token)
    assert (identity.kind, identity.subject) == (Kind.USER, gateway.issuer.user_id)
    assert not values(told, "Authorization")


async def test_connection_header_cannot_take_our_headers_away(gateway: RunningGateway) -> None:
    """G7: what Connection lists goes first; what the gateway says is set last and intact."""
    request = (
        b"GET /mine HTTP/1.1\r\nHost: h\r\n"
        b"Connection: close, X-Identity, X-User-Id, Authorization, X-Forwarded-For, X-Request-Id, Host, X-Secret\r\n"
        b"X-Secret: 1\r\nX-Forwarded-For: 1.2.3.4\r\n"
        + f"Authorization: {gateway.bearer()['Authorization']}\r\n\r\n".encode()
    )
    told = json.loads((await gateway.raw(request)).partition(b"\r\n\r\n")[2])
    assert len(values(told, HEADER)) == len(values(told, "X-Request-Id")) == len(values(told, "Host")) == 1
    assert values(told, "X-Forwarded-For") == ["127.0.0.1"]
    assert not values(told, "X-Secret")
    assert not values(told, "Connection")


async def test_spoofed_forwarding_headers_are_overwritten(gateway: RunningGateway) -> None:
    """G10: and they don't move anybody into another limiter bucket."""
    spoofed = {
        "X-Forwarded-For": "9.9.9.9",
        "Forwarded": "for=9.9.9.9",
        "X-Real-IP": "9.9.9.9",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "gopher",
        "X-Forwarded-Prefix": "/evil",
    }
    remaining = []
    for number in range(2):
        headers = spoofed | {"X-Forwarded-For": f"9.9.9.{number}"}
        async with gateway.client.get(f"{gateway.url}/scarce", headers=headers) as answer:
            remaining.append(answer.headers["RateLimit-Remaining"])
            told = await answer.json()
    assert remaining == ["1", "0"]
    assert values(told, "X-Forwarded-For") == ["127.0.0.1"]
    assert values(told, "X-Forwarded-Proto") == ["http"]
    assert values(told, "X-Forwarded-Host") == ["127.0.0.1:8080"]
    assert "9.9.9" not in json.dumps(told)
    assert "evil" not in json.dumps(told)


async def test_request_id_and_trace_are_continued(gateway: RunningGateway) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    headers = {
        "X-Request-Id": "client-chosen-1",
        "traceparent": f"00-{trace}-b7ad6b7169203331-01",
        "tracestate": "vendor=theirs",
    }
    async with gateway.client.get(f"{gateway.url}/open", headers=headers) as answer:
        told = await answer.json()
    assert answer.headers["X-Request-Id"] == "client-chosen-1"
    assert values(told, "X-Request-Id") == ["client-chosen-1"]
    (traceparent,) = values(told, "traceparent")
    assert traceparent.startswith(f"00-{trace}-")
    assert "b7ad6b7169203331" not in traceparent
    assert traceparent.endswith("-00"), "a caller's sampled flag never forces ours"
    assert values(told, "tracestate") == ["vendor=theirs"]


async def test_tracestate_of_no_trace_is_dropped(gateway: RunningGateway) -> None:
    async with gateway.client.get(f"{gateway.url}/open", headers={"tracestate": "vendor=theirs"}) as answer:
        told = await answer.json()
    assert values(told, "tracestate") == []


async def test_malformed_request_id_is_replaced(gateway: RunningGateway) -> None:
    async with gateway.client.get(f"{gateway.url}/open", headers={"X-Request-Id": "a b\u00e9 c<script>"}) as answer:
        told = await answer.json()
    assert values(told, "X-Request-Id") == [answer.headers["X-Request-Id"]]
    assert "script" not in answer.headers["X-Request-Id"]


async def test_head_has_the_headers_of_get_and_no_body(gateway: RunningGateway) -> None:
    async def answer_head(request: web.BaseRequest) -> web.Response:
        return web.Response(text="0123456789" if request.method == "HEAD" else "")

    gateway.echo.answer = answer_head
    request = b"HEAD /open HTTP/1.1\r\nHost: h\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
    first, _, rest = (await gateway.raw(request)).partition(b"\r\n\r\n")
    assert first.startswith(b"HTTP/1.1 200 OK")
    assert b"Content-Length: 10" in first
    assert rest.startswith(b"HTTP/1.1 200 OK")


@pytest.mark.parametrize("status", [204, 304])
async def test_bodiless_answers_pass(gateway: RunningGateway, status: int) -> None:
    async def answer_empty(_request: web.BaseRequest) -> web.Response:
        return web.Response(status=status, headers={"ETag": '"1"'})

    gateway.echo.answer = answer_empty
    async with gateway.client.get(f"{gateway.url}/open") as answer:
        assert (answer.status, await answer.read(), answer.headers["ETag"]) == (status, b"", '"1"')
    async with gateway.client.get(f"{gateway.url}/open") as answer:
        assert answer.status == status


async def test_what_is_not_modified_keeps_the_policy_that_it_came_with(gateway: RunningGateway) -> None:
    """A policy in a 304 replaces the kept one (RFC 9111, 3.2), and it doesn't tell whether it is about a page."""

    async def known(request: web.BaseRequest) -> web.Response:
        if request.headers.get("If-None-Match") == '"1"':
            return web.Response(status=304, headers={"ETag": '"1"'})
        return web.Response(text="<p>", content_type="text/html", headers={"ETag": '"1"'})

    gateway.echo.answer = known
    async with gateway.client.get(f"{gateway.url}/open") as page:
        assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    known_token = gateway.bearer()  # from its second use on it takes the fast lane
    for headers in ({}, known_token, known_token):
        path = "/mine" if headers else "/open"
        async with gateway.client.get(gateway.url + path, headers={"If-None-Match": '"1"'} | headers) as answer:
            assert (answer.status, "Content-Security-Policy" in answer.headers) == (304, False)
            assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_http_1_0_client_gets_a_body_that_ends_with_the_connection(gateway: RunningGateway) -> None:
    async def stream(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"a")
        await asyncio.sleep(0.05)  # so that the gateway sees an answer without an end
        await response.write(b"b")
        return response

    gateway.echo.answer = stream
    answer = await gateway.raw(b"GET /open HTTP/1.0\r\nHost: h\r\n\r\n")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"chunked" not in head
    assert body == b"ab"


async def test_pipelined_requests_are_answered_in_order(gateway: RunningGateway) -> None:
    requests = [f"GET /open/{number} HTTP/1.1\r\nHost: h\r\n\r\n".encode() for number in range(50)]
    last = b"GET /open/last HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
    answers = await gateway.raw(b"".join(requests) + last)
    told = [part.partition(b'"')[0] for part in answers.split(b'"target": "/open/')[1:]]
    assert told == [str(number).encode() for number in range(50)] + [b"last"]


async def test_two_audiences_get_two_assertions(gateway: RunningGateway) -> None:
    tokens = []
    for path in ("mine", "mine", "files", "open"):
        async with gateway.client.get(f"{gateway.url}/{path}", headers=gateway.bearer(jti="1")) as answer:
            tokens += values(await answer.json(), HEADER)
    assert len(tokens) == 4
    assert len(set(tokens)) >= 3


async def test_service_headers_that_are_internal_stay_inside(gateway: RunningGateway) -> None:
    async def talkative(_request: web.BaseRequest) -> web.Response:
        headers = {"X-Identity": "secret", "X-Powered-By": "x", "Set-Cookie": "a=b", "Access-Control-Allow-Origin": "*"}
        return web.Response(text="x", headers=headers)

    gateway.echo.answer = talkative
    async with gateway.client.get(f"{gateway.url}/open") as answer:
        assert answer.headers["Set-Cookie"] == "a=b"
        for name in ("X-Identity", "X-Powered-By", "Access-Control-Allow-Origin", "Server"):
            assert name not in answer.headers
        assert len(answer.headers.getall("Date")) == 1


async def test_login_answer_passes_unchanged(gateway: RunningGateway) -> None:
    async def sign_in(_request: web.BaseRequest) -> web.Response:
        return web.json_response({"access_token": "a.b.c"}, headers={"Cache-Control": "no-store"})

    gateway.echo.answer = sign_in
    async with aiohttp.ClientSession() as client, client.post(f"{gateway.url}/open", json={"email": "a"}) as answer:
        assert await answer.json() == {"access_token": "a.b.c"}
        assert answer.headers["Cache-Control"] == "no-store"


async def test_prefix_of_the_public_url_is_not_the_services_business(tmp_path: Path, valkey_url: str) -> None:
    async with run_gateway(tmp_path, valkey_url, PUBLIC_URL="http://127.0.0.1:8080/base") as gateway:
        for path, target in (("/base/open/x?a=1", "/open/x?a=1"), ("/open/x", "/open/x")):
            async with gateway.client.get(gateway.url + path) as answer:
                assert (await answer.json())["target"] == target
        for path, status in (("/base", 200), ("/base/", 200), ("/base/base/open", 404), ("/baseopen", 404)):
            async with gateway.client.get(gateway.url + path) as answer:
                assert answer.status == status
