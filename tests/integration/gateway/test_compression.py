"""Public text compressed on its way, over real sockets."""

import asyncio
import gzip
import random
import time
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from tests.integration.gateway.raw_service import raw_server
from tests.integration.gateway.running_gateway import RunningGateway, run_gateway
from tests.waiting import eventually

NOISE = random.Random(1).randbytes(1_000_000)  # shrinks by nothing
TEXT = b"All work and no play makes a dull gateway.\n" * 5000
GZIP = {"Accept-Encoding": "gzip"}


def serve(gateway: RunningGateway, body: bytes = TEXT, **headers: str) -> None:
    named = {"Content-Type": "text/plain"} | {name.replace("_", "-"): value for name, value in headers.items()}

    async def answer(_request: web.BaseRequest) -> web.Response:
        return web.Response(body=body, headers=named)

    gateway.echo.answer = answer


async def get(
    gateway: RunningGateway, path: str = "open", method: str = "GET", **headers: str
) -> tuple[aiohttp.ClientResponse, bytes]:
    async with gateway.client.request(method, f"{gateway.url}/{path}", headers=GZIP | headers) as answer:
        return answer, await answer.read()


async def test_large_public_text_is_compressed_and_says_so(gateway: RunningGateway) -> None:
    serve(gateway, ETag='"x"')
    answer, body = await get(gateway)
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["ETag"] == 'W/"x"'
    assert "Accept-Encoding" in ",".join(answer.headers.getall("Vary"))
    assert gzip.decompress(body) == TEXT
    assert len(body) < len(TEXT) / 10


async def test_text_that_comes_in_one_piece_is_compressed_too(tmp_path: Path, valkey_url: str) -> None:
    """The fast lane sees it first, on every request but the connection's first."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {len(TEXT[:4000])}\r\n\r\n"

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readuntil(b"\r\n\r\n"):
            writer.write(head.encode() + TEXT[:4000])

    async with raw_server(talk) as url, run_gateway(tmp_path, valkey_url, USER_URL=url) as gateway:
        for _ in range(3):
            answer, body = await get(gateway)
            assert answer.headers["Content-Encoding"] == "gzip"
            assert gzip.decompress(body) == TEXT[:4000]


async def test_head_is_answered_as_get_is_without_the_body(gateway: RunningGateway) -> None:
    serve(gateway, ETag='"x"')
    got, _ = await get(gateway)
    asked, body = await get(gateway, method="HEAD")
    changing = ("Content-Length", "Transfer-Encoding", "X-Request-I", "Date")
    same = [
        {name: value for name, value in answer.headers.items() if not name.startswith(("RateLimit", *changing))}
        for answer in (got, asked)
    ]
    assert body == b""
    assert same[0] == same[1]


@pytest.mark.parametrize("path", ["mine", "maybe"])
async def test_route_that_knows_people_is_never_compressed(gateway: RunningGateway, path: str) -> None:
    """BREACH: a client's own words beside a secret would tell the secret by the length."""
    serve(gateway)
    answer, body = await get(gateway, path, **gateway.bearer())
    assert "Content-Encoding" not in answer.headers
    assert body == TEXT


@pytest.mark.parametrize("headers", [{"Cookie": "a=b"}, {"Authorization": "Bearer x"}])
async def test_request_with_credentials_is_never_compressed(gateway: RunningGateway, headers: dict[str, str]) -> None:
    """BREACH"""
    serve(gateway)
    answer, body = await get(gateway, **headers)
    assert "Content-Encoding" not in answer.headers
    assert body == TEXT


async def test_range_is_passed_on_as_it_is(gateway: RunningGateway) -> None:
    async def part(_request: web.BaseRequest) -> web.Response:
        headers = {"Content-Range": f"bytes 0-4999/{len(TEXT)}", "Content-Type": "text/plain"}
        return web.Response(status=206, body=TEXT[:5000], headers=headers)

    gateway.echo.answer = part
    answer, body = await get(gateway, Range="bytes=0-4999")
    assert (answer.status, body) == (206, TEXT[:5000])
    assert "Content-Encoding" not in answer.headers


async def test_http_1_0_gets_it_up_to_the_end_of_the_connection(gateway: RunningGateway) -> None:
    serve(gateway)
    answer = await gateway.raw(b"GET /open HTTP/1.0\r\nHost: h\r\nAccept-Encoding: gzip\r\n\r\n")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"Content-Encoding: gzip" in head
    assert gzip.decompress(body) == TEXT


@asynccontextmanager
async def streaming(gateway: RunningGateway) -> AsyncIterator[tuple[asyncio.Queue[bytes], aiohttp.ClientResponse]]:
    """An answer of unknown length: what is put in the queue is sent, b"" ends it."""
    pieces: asyncio.Queue[bytes] = asyncio.Queue()

    async def stream(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        while piece := await pieces.get():
            await response.write(piece)
        return response

    gateway.echo.answer = stream
    pieces.put_nowait(b"[")
    async with asyncio.timeout(20), gateway.client.get(f"{gateway.url}/open", headers=GZIP) as answer:
        yield pieces, answer


async def test_what_the_service_has_sent_waits_for_nothing_more(gateway: RunningGateway) -> None:
    coding = zlib.decompressobj(16 + zlib.MAX_WBITS)
    async with streaming(gateway) as (pieces, answer):
        assert answer.headers["Content-Encoding"] == "gzip"
        for piece in (b"[", b"1, 2", b"]"):
            if piece != b"[":
                pieces.put_nowait(piece)
            got = b""
            while got != piece:
                got += coding.decompress(await answer.content.readany())
        pieces.put_nowait(b"")
        coding.decompress(await answer.read())
        assert coding.eof


async def test_answer_that_breaks_off_breaks_off_for_the_client(gateway: RunningGateway) -> None:
    async def broken(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/plain"})
        await response.prepare(request)
        await response.write(TEXT)
        assert request.transport is not None
        request.transport.abort()
        return response

    gateway.echo.answer = broken
    with pytest.raises(aiohttp.ClientPayloadError):
        await get(gateway)


async def test_slow_reader_slows_the_service_down(gateway: RunningGateway) -> None:
    """What waits to be read is bounded, although the text shrinks on its way."""
    sent = 0

    async def endless(request: web.BaseRequest) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse(headers={"Content-Type": "text/plain"})
        await response.prepare(request)
        for _ in range(100):
            await response.write(NOISE)
            sent += len(NOISE)
        return response

    gateway.echo.answer = endless
    async with gateway.connection() as (_, writer):
        writer.write(b"GET /open HTTP/1.1\r\nHost: h\r\nAccept-Encoding: gzip\r\n\r\n")
        seen = [-1, -1, -1]

        async def stands_still() -> bool:
            seen.append(sent)
            return sent > 0 and len(set(seen[-25:])) == 1 and len(seen) > 25

        await eventually(stands_still)
        assert sent < 30_000_000


async def test_compressing_much_holds_nobody_up(gateway: RunningGateway) -> None:
    """The loop goes on while a thread compresses; the longest step of it is measured."""
    serve(gateway, body=NOISE * 15)
    lags: list[float] = []

    async def watch() -> None:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.001)
            lags.append(time.perf_counter() - before)

    watching = asyncio.create_task(watch())
    answer, body = await get(gateway)
    watching.cancel()
    assert answer.headers["Content-Encoding"] == "gzip"
    assert len(gzip.decompress(body)) > 10_000_000
    assert sorted(lags)[-len(lags) // 20 - 1] < 0.05


async def test_own_pages_are_compressed_too(gateway: RunningGateway) -> None:
    _, text = await get(gateway, "", **{"Accept-Encoding": "identity"})
    packed, body = await get(gateway, "")
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["Content-Length"] == str(len(body))
    assert gzip.decompress(body) == text
