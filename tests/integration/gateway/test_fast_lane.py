"""The fast lane and the slow one give the same answers, in the order of the requests; only the cost differs."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY

from tests.integration.gateway.conftest import ready
from tests.integration.gateway.running_gateway import RunningGateway, raw_server, run_gateway
from tests.waiting import eventually

OK = b"HTTP/1.1 200 OK\r\n"
HELLO = OK + b"Content-Length: 5\r\n\r\nhello"
CHANGING = ("x-request-id", "date", "ratelimit", "ratelimit-remaining", "ratelimit-reset")


def answered(lane: str) -> float:
    return REGISTRY.get_sample_value("gateway_fast_lane_requests_total", {"in": lane}) or 0.0


class Scripted:
    """A service that answers every request with `answer`, and holds it back while `held` isn't set."""

    def __init__(self) -> None:
        self.answer = HELLO
        self.held = asyncio.Event()
        self.held.set()
        self.heads: list[bytes] = []
        self.lost = 0

    async def talk(self, reader: StreamReader, writer: StreamWriter) -> None:
        while True:
            try:
                head = await reader.readuntil(b"\r\n\r\n")
            except asyncio.IncompleteReadError:
                self.lost += 1
                return
            self.heads.append(head)
            if not self.held.is_set():
                gone = asyncio.create_task(reader.read(1))
                free = asyncio.create_task(self.held.wait())
                await asyncio.wait({gone, free}, return_when=asyncio.FIRST_COMPLETED)
                free.cancel()
                if gone.done():
                    self.lost += 1
                    return
                gone.cancel()
                await asyncio.gather(gone, return_exceptions=True)
            writer.write(self.answer)
            if b"Connection: close" in self.answer or b"Content-Length" not in self.answer:
                await writer.drain()
                return

    async def has_been_asked(self, times: int) -> bool:
        return len(self.heads) >= times


@asynccontextmanager
async def scripted(folder: Path, valkey_url: str, **environ: str) -> AsyncIterator[tuple[RunningGateway, Scripted]]:
    service = Scripted()
    async with (
        raw_server(service.talk) as url,
        run_gateway(folder, valkey_url, USER_URL=url, **environ) as gateway,
    ):
        await ready(gateway)
        yield gateway, service


def get(gateway: RunningGateway, path: str = "/mine/x", *more: str, token: str = "") -> bytes:
    token = token or gateway.bearer()["Authorization"]
    lines = [f"GET {path} HTTP/1.1", "Host: h", f"Authorization: {token}", *more, "", ""]
    return "\r\n".join(lines).encode()


async def read_answer(reader: StreamReader) -> tuple[bytes, bytes]:
    """Return the head and the body of an answer with a Content-Length."""
    head = await reader.readuntil(b"\r\n\r\n")
    (length,) = (line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
    return head, await reader.readexactly(int(length.partition(b":")[2]))


async def test_verified_token_on_a_kept_alive_connection_is_answered_in_the_fast_lane(
    tmp_path: Path, valkey_url: str
) -> None:
    async with scripted(tmp_path, valkey_url) as (gateway, service):
        token, before = gateway.bearer()["Authorization"], answered("fast_lane")
        async with gateway.connection() as (reader, writer):
            for _ in range(5):  # the first one's token is new, and no connection to the service is open
                writer.write(get(gateway, token=token))
                assert (await read_answer(reader))[1] == b"hello"
        assert answered("fast_lane") - before == 4
        assert all(b"X-Identity: " in head and token.encode() not in head for head in service.heads)


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


async def test_requests_behind_each_other_are_answered_in_order_by_both_lanes(gateway: RunningGateway) -> None:
    """G15: a fast lane must overtake nobody."""
    token = gateway.bearer()["Authorization"]
    post = f"POST /mine/{{}} HTTP/1.1\r\nHost: h\r\nAuthorization: {token}\r\nContent-Length: 1\r\n\r\nx"
    async with gateway.connection() as (reader, writer):
        writer.write(get(gateway, token=token))
        await read_answer(reader)
        before = answered("fast_lane")
        paths = [f"/mine/{number}" for number in range(200)]
        requests = [
            post.format(number).encode() if number % 7 == 3 else get(gateway, path, token=token)
            for number, path in enumerate(paths)
        ]
        writer.write(b"".join(requests))
        for path in paths:
            assert f'"target": "{path}"'.encode() in (await read_answer(reader))[1]
        assert answered("fast_lane") > before
    assert [request.raw_path for request in gateway.echo.seen[1:]] == paths


async def test_request_in_pieces_and_a_broken_one_after_a_good_one_are_what_they_are(gateway: RunningGateway) -> None:
    token = gateway.bearer()["Authorization"]
    async with gateway.connection() as (reader, writer):
        for _ in range(3):
            for piece in (b"GET /mine/x HT", b"TP/1.1\r\nHost: h\r\nAuthoriz", f"ation: {token}\r\n\r".encode(), b"\n"):
                writer.write(piece)
                await writer.drain()
            assert b" 200 " in (await read_answer(reader))[0]
        writer.write(b"GET /mine/x HTTP/1.1\nHost: h\n\n")
        assert b" 400 " in (await read_answer(reader))[0]
        assert await reader.read() == b""


async def test_client_that_leaves_takes_its_request_with_it(tmp_path: Path, valkey_url: str) -> None:
    async with scripted(tmp_path, valkey_url) as (gateway, service):
        token = gateway.bearer()["Authorization"]
        async with gateway.connection() as (reader, writer):
            for _ in range(2):
                writer.write(get(gateway, token=token))
                await read_answer(reader)
            service.held.clear()
            writer.write(get(gateway, token=token))
            await eventually(lambda: service.has_been_asked(3))

        async def is_dropped() -> bool:
            return service.lost > 0

        await eventually(is_dropped)
        service.held.set()
        async with gateway.client.get(f"{gateway.url}/mine/x", headers={"Authorization": token}) as answer:
            assert (answer.status, await answer.read()) == (200, b"hello")


async def test_service_that_closes_instead_of_answering_is_asked_again(tmp_path: Path, valkey_url: str) -> None:
    asked: list[bytes] = []

    async def close_every_third(reader: StreamReader, writer: StreamWriter) -> None:
        while True:
            asked.append(await reader.readuntil(b"\r\n\r\n"))
            if len(asked) % 3 == 0:
                return
            writer.write(HELLO)

    async with (
        raw_server(close_every_third) as url,
        run_gateway(tmp_path, valkey_url, USER_URL=url) as gateway,
    ):
        await ready(gateway)
        bearer = gateway.bearer()
        for _ in range(8):
            async with gateway.client.get(f"{gateway.url}/mine/x", headers=bearer) as answer:
                assert (answer.status, await answer.read()) == (200, b"hello")
        assert len(asked) == 8 + len(asked) // 3


async def test_broken_answer_is_a_bad_gateway(tmp_path: Path, valkey_url: str) -> None:
    """G30"""
    async with scripted(tmp_path, valkey_url) as (gateway, service):
        bearer = gateway.bearer()
        statuses = []
        for answer_bytes in (HELLO, HELLO, OK + b"Content-Length: x\r\n\r\n", HELLO):
            service.answer = answer_bytes
            async with gateway.client.get(f"{gateway.url}/mine/x", headers=bearer) as answer:
                statuses.append(answer.status)
        assert statuses == [200, 200, 502, 200]


async def test_limits_hold_in_the_fast_lane_and_tell_when_to_come_back(gateway: RunningGateway) -> None:
    statuses = []
    async with gateway.client.get(f"{gateway.url}/open"):  # so that a connection to the service is open
        pass
    for _ in range(4):
        async with gateway.client.get(f"{gateway.url}/scarce") as answer:
            statuses.append(answer.status)
            assert "RateLimit" in answer.headers
    assert statuses == [200, 200, 429, 429]


async def test_answer_that_takes_its_service_too_long_is_given_up(tmp_path: Path, valkey_url: str) -> None:
    async with scripted(tmp_path, valkey_url) as (gateway, service):
        for expected in (200, 200, 504):
            if expected == 504:
                service.held.clear()
            async with gateway.client.get(f"{gateway.url}/hasty") as answer:
                assert answer.status == expected
        service.held.set()


async def test_stopping_server_waits_for_what_is_in_the_fast_lane(tmp_path: Path, valkey_url: str) -> None:
    """R2"""
    async with scripted(tmp_path, valkey_url) as (gateway, service):
        token = gateway.bearer()["Authorization"]
        async with gateway.connection() as (reader, writer):
            for _ in range(2):
                writer.write(get(gateway, token=token))
                await read_answer(reader)
            service.held.clear()
            writer.write(get(gateway, token=token))
            await eventually(lambda: service.has_been_asked(3))
            gateway.server.pre_shutdown()
            stop = asyncio.create_task(gateway.server.shutdown(5.0))
            await asyncio.sleep(0)
            service.held.set()
            assert (await read_answer(reader))[1] == b"hello"
            assert await reader.read() == b""
            await stop


async def test_idle_connection_is_closed_after_its_time(
    tmp_path: Path, valkey_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.downstream.server.KEEP_ALIVE", 0.2)
    async with scripted(tmp_path, valkey_url) as (gateway, _):
        token = gateway.bearer()["Authorization"]
        async with gateway.connection() as (reader, writer):
            for _ in range(3):
                writer.write(get(gateway, token=token))
                await read_answer(reader)
            assert await reader.read() == b""


async def test_client_that_doesnt_read_is_kept_waiting_not_filled(tmp_path: Path, valkey_url: str) -> None:
    """Who asks and doesn't read must cost no memory: its answers wait at the service."""
    async with scripted(tmp_path, valkey_url) as (gateway, service):
        token, size = gateway.bearer()["Authorization"], 60_000
        service.answer = OK + b"Content-Length: %d\r\n\r\n" % size + bytes(size)
        async with gateway.connection() as (reader, writer):
            writer.write(get(gateway, token=token) * 1000)
            seen: list[int] = []

            async def has_stalled() -> bool:
                seen.append(len(service.heads))
                return len(seen) > 20 and seen[-1] == seen[-20]

            await eventually(has_stalled)
            assert len(service.heads) < 500
            for _ in range(1000):
                assert (await read_answer(reader))[1] == bytes(size)


async def test_slip_of_ours_costs_the_fast_lane_not_the_answer(
    gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    bearer = gateway.bearer()
    async with gateway.client.get(f"{gateway.url}/mine/x", headers=bearer):
        pass

    def fail(*_args: Any) -> bytes:
        raise RuntimeError("an inner detail")

    monkeypatch.setattr("gateway.responder.Responder.whole", fail)
    before = answered("slow_lane")
    async with gateway.client.get(f"{gateway.url}/mine/x", headers=bearer) as answer:
        assert answer.status == 200
    assert answered("slow_lane") == before + 1
