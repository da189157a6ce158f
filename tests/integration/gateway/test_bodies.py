import asyncio
import hashlib
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientResponse, web

from gateway.downstream.body import SILENCE
from tests.integration.gateway.running_gateway import RunningGateway
from tests.waiting import eventually

MEGABYTE = 1024 * 1024
TOO_LARGE = (413, "body_too_large", "At most 10 bytes are accepted here.")


async def refusal(answer: ClientResponse) -> tuple[int, str, str]:
    problem = await answer.json()
    return answer.status, problem["code"], problem["detail"]


async def test_large_bodies_stream_both_ways(gateway: RunningGateway) -> None:
    size = 40 * MEGABYTE

    async def upload() -> AsyncIterator[bytes]:
        for _ in range(size // MEGABYTE):
            yield b"x" * MEGABYTE

    expected = hashlib.sha256(b"x" * size).hexdigest()
    for headers in ({}, {"Content-Length": str(size)}):
        async with gateway.client.put(f"{gateway.url}/big", data=upload(), headers=headers) as answer:
            told = await answer.json()
        assert (told["length"], told["sha256"]) == (size, expected)

    async def download(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(size // MEGABYTE):
            await response.write(b"x" * MEGABYTE)
        return response

    gateway.echo.answer = download
    digest = hashlib.sha256()
    async with gateway.client.get(f"{gateway.url}/big") as answer:
        async for data in answer.content.iter_any():
            digest.update(data)
    assert digest.hexdigest() == expected


async def test_compressed_body_passes_as_it_is(gateway: RunningGateway) -> None:
    """G19: nothing is unpacked on the way."""
    bomb = bytes.fromhex("1f8b0800000000000003")
    async with gateway.client.post(
        f"{gateway.url}/open", data=bomb, headers={"Content-Encoding": "gzip", "Content-Type": "text/plain"}
    ) as answer:
        assert (await answer.json())["sha256"] == hashlib.sha256(bomb).hexdigest()


async def test_declared_body_that_is_too_large_is_refused_unread(gateway: RunningGateway) -> None:
    async with gateway.client.post(f"{gateway.url}/small", data=b"x" * 11) as answer:
        assert await refusal(answer) == TOO_LARGE
    assert not gateway.echo.seen


async def test_undeclared_body_that_is_too_large_is_refused_while_it_streams(gateway: RunningGateway) -> None:
    async def upload() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"x"
            await asyncio.sleep(0)

    async with gateway.client.post(f"{gateway.url}/small", data=upload()) as answer:
        assert await refusal(answer) == TOO_LARGE


async def test_small_body_is_complete_before_its_service_hears_of_it(gateway: RunningGateway) -> None:
    """G16: who sends a few bytes slowly must not hold one of the service's connections meanwhile."""
    async with gateway.connection() as (reader, writer):
        writer.write(b"POST /small HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"a")
        async with gateway.client.get(f"{gateway.url}/open") as answer:
            assert answer.status == 200
        assert [request.path for request in gateway.echo.seen] == ["/open"]
        writer.write(b"b")
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200")


async def test_small_body_that_takes_too_long_is_given_up(gateway: RunningGateway) -> None:
    """G16"""
    async with gateway.connection() as (reader, writer):
        writer.write(b"POST /terse HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\na")
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 408")
        assert b'"request_timeout"' in await reader.readuntil(b"}")
    assert not gateway.echo.seen


UPLOAD = b"POST /open HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n"


async def test_upload_that_stops_coming_is_given_up(gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.downstream.body.SILENCE", 0.1)
    async with gateway.connection() as (reader, writer):
        writer.write(UPLOAD)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 408")
        assert b"Connection: close" in head


@pytest.mark.parametrize(
    "rest",
    [
        pytest.param(b"not a chunk\r\n", id="no chunk"),
        pytest.param(b"0\r\n" + b"X: y\r\n" * 200, id="too many trailers"),
        pytest.param(b"0\r\nX: " + b"y" * 20_000, id="too long a trailer"),
        pytest.param(b"0\r\nX: y\n\r\n", id="a bare LF in a trailer"),
    ],
)
async def test_upload_that_stops_making_sense_is_refused_at_once(gateway: RunningGateway, rest: bytes) -> None:
    """G4, G14: nobody waits for the rest of it, and nothing after it is a request."""
    async with gateway.connection(within=SILENCE / 2) as (reader, writer):
        writer.write(UPLOAD)
        await eventually(gateway.service_is_asked)
        writer.write(rest)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 400")
        assert b"Connection: close" in head
        assert (await reader.read()).count(b"HTTP/1.1") == 0
    assert len(gateway.echo.seen) == 1


async def test_client_that_takes_no_byte_is_cut_off(gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """G16: a slow reader holds nothing for ever."""
    monkeypatch.setattr("gateway.downstream.answer.SILENCE", 0.1)

    async def endless(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b"x" * MEGABYTE)

    gateway.echo.answer = endless
    async with gateway.connection() as (_, writer):  # whose buffer soon is full
        writer.write(b"GET /big HTTP/1.1\r\nHost: h\r\n\r\n")
        await eventually(gateway.has_no_client)


async def test_answer_may_come_before_the_upload_has_ended(gateway: RunningGateway) -> None:
    async def refuse(_request: web.BaseRequest) -> web.Response:
        return web.Response(status=415, text="no")

    gateway.echo.answer = refuse
    async with gateway.connection() as (reader, writer):
        writer.write(b"POST /big HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\nsome")
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 415")
        assert b"Connection: close" in head


async def test_client_that_leaves_ends_the_services_work(gateway: RunningGateway) -> None:
    arrived, ended = asyncio.Event(), asyncio.Event()

    async def work(_request: web.BaseRequest) -> web.Response:
        arrived.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        raise AssertionError

    gateway.echo.answer = work
    async with gateway.connection() as (_, writer):
        writer.write(b"GET /open HTTP/1.1\r\nHost: h\r\n\r\n")
        await asyncio.wait_for(arrived.wait(), 5)
        writer.close()
        await asyncio.wait_for(ended.wait(), 5)
