"""What clients see when a service behind the gateway fails."""

import asyncio
import socket
from asyncio import StreamReader, StreamWriter
from contextlib import suppress
from pathlib import Path
from unittest.mock import Mock

import pytest

from tests.integration.gateway.conftest import gateway_before, ready
from tests.integration.gateway.running_gateway import RunningGateway, run_gateway

HELLO = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


async def problem(gateway: RunningGateway, method: str = "GET", path: str = "/open") -> tuple[int, str, str]:
    async with gateway.client.request(method, gateway.url + path, data=b"x" if method == "POST" else None) as answer:
        document = await answer.json()
        assert answer.content_type == "application/problem+json"
        assert document["request_id"] == answer.headers["X-Request-Id"]
        return answer.status, document["code"], answer.headers.get("Proxy-Status", "")


async def test_service_that_is_down_is_unavailable_and_the_others_are_not(tmp_path: Path, valkey_url: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: refuses connections
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        async with run_gateway(tmp_path, valkey_url, USER_URL=url) as gateway:
            await ready(gateway)
            expected = (503, "upstream_unavailable", "colonnade; error=connection_refused")
            assert await problem(gateway) == expected
            assert await problem(gateway, "POST") == expected
            async with gateway.client.get(f"{gateway.url}/open") as answer:
                assert answer.headers["Retry-After"] == "1"
            async with gateway.client.get(f"{gateway.url}/files") as answer:
                assert answer.status == 200


async def test_post_to_a_service_that_dies_is_a_bad_gateway_and_never_repeated(tmp_path: Path, valkey_url: str) -> None:
    """G28"""
    received: list[bytes] = []

    async def die_on_post(reader: StreamReader, writer: StreamWriter) -> None:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            received.append(head)
            if head.startswith(b"POST"):
                return
            writer.write(HELLO)

    async with gateway_before(die_on_post, tmp_path, valkey_url) as gateway:
        for _ in range(3):
            async with gateway.client.get(f"{gateway.url}/open") as answer:
                assert await answer.read() == b"hello"
        expected = (502, "bad_gateway", "colonnade; error=connection_terminated")
        assert await problem(gateway, "POST") == expected
        assert len([head for head in received if head.startswith(b"POST")]) == 1


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 1_0\r\n\r\n0123456789", id="bad length"),
        pytest.param(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 50_000, id="endless headers"),
        pytest.param(HELLO + HELLO, id="two replies"),
        pytest.param(b"HTTP/1.1 200 OK\r\nX: a\r\n\tfolded\r\n\r\n", id="folded header"),
    ],
)
async def test_broken_answer_is_a_bad_gateway(answer: bytes, tmp_path: Path, valkey_url: str) -> None:
    """G30"""
    dropped = asyncio.Event()

    async def break_http(reader: StreamReader, writer: StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        try:
            await reader.read()
        finally:
            dropped.set()

    async with gateway_before(break_http, tmp_path, valkey_url) as gateway:
        status, code, proxy_status = await problem(gateway)
        assert (status, code) == (502, "bad_gateway")
        assert proxy_status.startswith("colonnade; error=http_")
        await asyncio.wait_for(dropped.wait(), 5)


async def test_answer_that_breaks_off_breaks_off_for_the_client_too(tmp_path: Path, valkey_url: str) -> None:
    async def break_off(reader: StreamReader, writer: StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")

    async with gateway_before(break_off, tmp_path, valkey_url) as gateway, gateway.connection() as (reader, writer):
        writer.write(b"GET /open HTTP/1.1\r\nHost: h\r\n\r\n")
        received = await reader.readuntil(b"hello\r\n")
        with suppress(ConnectionResetError):
            received += await reader.read()
        assert received.endswith(b"hello\r\n"), "no last chunk, which would tell that the body is whole"


async def test_bug_of_ours_amid_an_answer_puts_no_problem_document_into_its_body(
    tmp_path: Path, valkey_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def begin(reader: StreamReader, writer: StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhello")
        await reader.read()

    monkeypatch.setattr("gateway.forwarding.relay", Mock(side_effect=RuntimeError("of ours")))
    async with gateway_before(begin, tmp_path, valkey_url) as gateway, gateway.connection() as (reader, writer):
        writer.write(b"GET /open HTTP/1.1\r\nHost: h\r\n\r\n")
        received = b""
        with suppress(ConnectionResetError):
            received = await reader.read()
        assert b"problem" not in received


async def test_service_that_takes_too_long_is_a_time_out(tmp_path: Path, valkey_url: str) -> None:
    async def say_nothing(reader: StreamReader, _writer: StreamWriter) -> None:
        await reader.read()

    async with gateway_before(say_nothing, tmp_path, valkey_url) as gateway:
        expected = (504, "upstream_timeout", "colonnade; error=http_response_timeout")
        assert await problem(gateway, path="/hasty") == expected


async def test_service_that_keeps_failing_is_spared_and_clients_are_told_at_once(
    tmp_path: Path, valkey_url: str
) -> None:
    """G31"""
    asked = 0

    async def die(reader: StreamReader, _writer: StreamWriter) -> None:
        nonlocal asked
        await reader.readuntil(b"\r\n\r\n")
        asked += 1

    async with gateway_before(die, tmp_path, valkey_url) as gateway:
        expected = (503, "upstream_unavailable", "colonnade; error=destination_unavailable")
        told = [await problem(gateway, "POST") for _ in range(20)]
        assert expected in told
        assert {status for status, *_ in told} == {502, 503}
        assert asked < len(told)


async def test_service_learns_how_long_it_is_waited_for_and_never_from_the_client(gateway: RunningGateway) -> None:
    headers = {"X-Request-Timeout-Ms": "999999"}
    async with gateway.client.get(f"{gateway.url}/open", headers=headers) as answer:
        seen = [value for name, value in (await answer.json())["headers"] if name.lower() == "x-request-timeout-ms"]
    assert len(seen) == 1
    assert 5_000 < int(seen[0]) <= 10_000
