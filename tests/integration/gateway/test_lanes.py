"""Which lane a request took must not show in its answer."""

from pathlib import Path

import pytest

from tests.integration.gateway.scripted_service import HELLO, OK, answered, scripted

CHANGING = ("x-request-id", "date", "ratelimit", "ratelimit-remaining", "ratelimit-reset")

ANSWERS = {
    "plain": HELLO,
    "json": OK + b'Content-Type: application/json\r\nETag: "1"\r\nContent-Length: 2\r\n\r\n{}',
    "empty": OK + b"Content-Length: 0\r\n\r\n",
    "no content": b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n",
    "not modified": b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\nContent-Length: 0\r\n\r\n',
    "not found": b"HTTP/1.1 404 Not Found\r\nContent-Type: application/problem+json\r\nContent-Length: 2\r\n\r\n{}",
    "its own failure": b"HTTP/1.1 500 Oops\r\nContent-Length: 2\r\n\r\n{}",
    "unavailable": b"HTTP/1.1 503 Busy\r\nRetry-After: 3\r\nContent-Length: 2\r\n\r\n{}",
    "unknown status": b"HTTP/1.1 299 Whatever\r\nContent-Length: 2\r\n\r\n{}",
    "a page": OK + b"Content-Type: text/html; charset=utf-8\r\nContent-Length: 3\r\n\r\n<p>",
    "a page in capitals": OK + b"Content-Type: TEXT/HTML\r\nContent-Length: 3\r\n\r\n<p>",
    "a policy of its own": OK + b"Content-Security-Policy: default-src 'self'\r\nContent-Length: 2\r\n\r\nok",
    "cookies": OK + b"Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 2\r\n\r\nok",
    "location": b"HTTP/1.1 303 See Other\r\nLocation: /v1/x\r\nContent-Length: 0\r\n\r\n",
    "vary": OK + b"Vary: Accept\r\nContent-Length: 2\r\n\r\nok",
    "identity echoed": OK + b"X-Identity: leak\r\nX-User-Id: 1\r\nServer: s\r\nContent-Length: 2\r\n\r\nok",
    "listed header": OK + b"Connection: keep-alive, X-Private\r\nX-Private: 1\r\nContent-Length: 2\r\n\r\nok",
    "CORS of its own": OK + b"Access-Control-Allow-Origin: *\r\nContent-Length: 2\r\n\r\nok",
    "UTF-8 in a header": OK + "X-Name: Zo\u00eb\r\nContent-Length: 2\r\n\r\nok".encode(),
    "no UTF-8 in a header": OK + b"X-Name: Zo\xeb\r\nContent-Length: 2\r\n\r\nok",
    "underscores": OK + b"X_Name: 1\r\nContent-Length: 2\r\n\r\nok",
    "long": OK + b"Content-Length: 200000\r\n\r\n" + b"x" * 200_000,
    "chunked": OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    "until the end": b"HTTP/1.1 200 OK\r\n\r\nok",
    "closing": OK + b"Connection: close\r\nContent-Length: 2\r\n\r\nok",
    "interim first": b"HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n" + HELLO,
}


@pytest.mark.parametrize("name", ANSWERS)
async def test_both_lanes_answer_alike(tmp_path: Path, valkey_url: str, name: str) -> None:
    """A cookie keeps a request out of the fast lane."""
    async with scripted(tmp_path, valkey_url) as (gateway, service):
        bearer = gateway.bearer()

        async def answer(headers: dict[str, str]) -> tuple[int, list[tuple[str, str]], bytes]:
            async with gateway.client.get(
                f"{gateway.url}/mine/x", headers=bearer | headers, allow_redirects=False
            ) as got:
                kept = [(key, value) for key, value in got.headers.items() if key.lower() not in CHANGING]
                return got.status, sorted(kept), await got.read()

        await answer({})
        service.answer = ANSWERS[name]
        before = answered("fast_lane") + answered("slow_lane")
        fast = await answer({})
        assert answered("fast_lane") + answered("slow_lane") == before + 1
        slow = await answer({"Cookie": "x=1"})
        assert fast == slow


async def test_services_are_told_the_same_by_both_lanes(tmp_path: Path, valkey_url: str) -> None:
    """A cookie of ours keeps a request out of the fast lane, and goes no further."""
    async with scripted(tmp_path, valkey_url) as (gateway, service):
        bearer = gateway.bearer() | {"Accept-Language": "de", "X-User-Id": "6", "Connection": "keep-alive"}
        before = answered("fast_lane")
        for headers in (bearer, bearer, bearer | {"Cookie": "session=x"}):
            async with gateway.client.get(f"{gateway.url}/mine/x?y=%20", headers=headers) as answer:
                assert answer.status == 200
        assert answered("fast_lane") == before + 1
        _, fast, slow = (told(head) for head in service.heads)
        assert fast == slow


def told(head: bytes) -> tuple[bytes, dict[bytes, bytes]]:
    """What a service is told, but for what is new in each request."""
    line, *headers = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    pairs = dict(header.split(b": ", 1) for header in headers)
    assert len(pairs) == len(headers)
    for name in (b"X-Request-Id", b"traceparent", b"X-Request-Timeout-Ms"):
        assert pairs.pop(name)
    return line, pairs
