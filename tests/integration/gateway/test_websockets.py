"""WebSockets through the gateway: what passes, in which order, and with how much memory."""

import asyncio
import os
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from prometheus_client import REGISTRY

from tests.integration.gateway.live_service import (
    MEGABYTE,
    agreement,
    handshake,
    masked,
    serve,
    socket,
)
from tests.integration.gateway.raw_service import raw_server
from tests.integration.gateway.running_gateway import RunningGateway, run_gateway
from tests.waiting import eventually


def streams_open() -> float:
    return REGISTRY.get_sample_value("gateway_streams_open", {"kind": "websocket"}) or 0.0


async def test_messages_pass_both_ways(gateway: RunningGateway) -> None:
    serve(gateway)
    async with socket(gateway) as client:
        assert streams_open() == 1
        await client.send_str("grüezi")
        assert await client.receive_str() == "grüezi"
        for size in (0, 1, 125, 126, 65_535, 65_536, MEGABYTE):
            message = os.urandom(size)
            await client.send_bytes(message)
            assert await client.receive_bytes() == message


async def test_fragments_pass_as_they_were(gateway: RunningGateway) -> None:
    serve(gateway)
    async with gateway.connection() as (reader, writer):
        writer.write(handshake())
        await reader.readuntil(b"\r\n\r\n")
        for fragment in (b"\x01\x81\0\0\0\0a", b"\x89\x81\0\0\0\0p", b"\x80\x81\0\0\0\0b"):
            writer.write(fragment)
        assert await reader.readexactly(3 + 4) == b"\x8a\x01p" + b"\x81\x02ab"


async def test_ping_is_answered_by_the_service(gateway: RunningGateway) -> None:
    serve(gateway)
    async with socket(gateway, autoping=False) as client:
        await client.ping(b"are you there")
        pong = await client.receive()
        assert (pong.type, pong.data) == (aiohttp.WSMsgType.PONG, b"are you there")


async def test_compression_is_agreed_on_end_to_end(gateway: RunningGateway) -> None:
    serve(gateway)
    async with socket(gateway, compress=15) as client:
        assert client.compress
        await client.send_str("again " * 10_000)
        assert await client.receive_str() == "again " * 10_000


async def test_closing_is_between_client_and_service(gateway: RunningGateway) -> None:
    ended = serve(gateway)
    async with socket(gateway) as client:
        await client.close(code=4001)
    assert await ended.get() == 4001

    async def close(socket: web.WebSocketResponse) -> None:
        await socket.close(code=4002)

    serve(gateway, close)
    async with socket(gateway) as client:
        assert (await client.receive()).type is aiohttp.WSMsgType.CLOSE
        assert client.close_code == 4002
    await eventually(gateway.has_no_client)
    assert streams_open() == 0


async def test_service_learns_that_the_client_is_gone(gateway: RunningGateway) -> None:
    ended = serve(gateway)
    async with gateway.connection() as (reader, writer):
        writer.write(handshake())
        await reader.readuntil(b"\r\n\r\n")
    async with asyncio.timeout(5):
        await ended.get()
    await eventually(gateway.has_no_client)
    assert streams_open() == 0


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"Upgrade": "WebSocket", "Connection": "keep-alive, Upgrade"},
        {"Upgrade": "WEBSOCKET ", "Connection": "close", "connection": "UPGRADE"},
        {"Connection": ",upgrade,,", "Content_Length": "0"},
    ],
)
async def test_what_follows_in_the_handshakes_packet_is_for_the_service(
    gateway: RunningGateway, changes: dict[str, str | None]
) -> None:
    """Pins how aiohttp hands a connection over, and that its parser takes for a handshake what we take for one."""
    serve(gateway)
    async with gateway.connection() as (reader, writer):
        writer.write(handshake(**changes) + masked(1, b"early"))
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101")
        assert await reader.readexactly(7) == b"\x81\x05early"


async def test_what_follows_a_handshake_is_never_http(gateway: RunningGateway) -> None:
    """G6"""
    serve(gateway)
    async with gateway.connection() as (reader, writer):
        writer.write(handshake() + b"GET /open HTTP/1.1\r\nHost: h\r\n\r\n")
        await reader.readuntil(b"\r\n\r\n")
        assert b"HTTP/1.1" not in await reader.read()
    assert [request.raw_path for request in gateway.echo.seen] == ["/lobby"]


async def test_nothing_reaches_the_service_before_it_has_agreed(gateway: RunningGateway) -> None:
    """G6: what comes early waits, within bounds."""
    asked, may_agree = asyncio.Event(), asyncio.Event()

    async def refuse(_request: web.BaseRequest) -> web.StreamResponse:
        asked.set()
        await may_agree.wait()
        return web.Response(status=418, text="no")

    gateway.echo.answer = refuse
    async with gateway.connection() as (reader, writer):
        writer.write(handshake() + b"GET /open HTTP/1.1\r\nHost: h\r\n\r\n")
        await asked.wait()
        may_agree.set()
        answer = await reader.read()
        assert answer.startswith(b"HTTP/1.1 418")
        assert answer.endswith(b"no")
    assert len(gateway.echo.seen) == 1


@pytest.mark.parametrize(
    "changes",
    [{"Sec_WebSocket_Accept": "nonsense"}, {"Sec_WebSocket_Protocol": "unasked"}, {"Upgrade": "h2c"}],
)
async def test_service_that_agrees_to_something_else_is_not_believed(
    tmp_path: Path, valkey_url: str, changes: dict[str, str]
) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(agreement(**changes) + b"\x81\x01a")

    async with raw_server(talk) as url, run_gateway(tmp_path, valkey_url, USER_URL=url) as gateway:
        answer = await gateway.raw(handshake())
        assert answer.startswith(b"HTTP/1.1 502")
        assert b"http_upgrade_failed" in answer
