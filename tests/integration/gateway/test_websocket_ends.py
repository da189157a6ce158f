"""What ends a WebSocket: its session, the gateway, its service, silence."""

import asyncio
from pathlib import Path
from uuid import UUID

import aiohttp
from prometheus_client import REGISTRY

from tests.integration.gateway.live_service import MEGABYTE, agreement, handshake, masked, serve, socket
from tests.integration.gateway.raw_service import raw_server
from tests.integration.gateway.running_gateway import RunningGateway, run_gateway, status
from tests.waiting import eventually


def closed_by(reason: str) -> float:
    labels = {"kind": "websocket", "ended_by": reason}
    return REGISTRY.get_sample_value("gateway_streams_closed_total", labels) or 0.0


async def test_end_of_the_session_ends_its_sockets_within_a_second(gateway: RunningGateway) -> None:
    """A5, A6: the client is told why, the service is cut off, and other sessions go on."""
    ended = serve(gateway)
    before = closed_by("revoked")
    other = str(UUID(int=7))
    async with (
        socket(gateway, "live", headers=gateway.bearer()) as client,
        socket(gateway, "live", headers=gateway.bearer(sid=other)) as stranger,
    ):
        await client.send_str("in")
        assert await client.receive_str() == "in"
        gateway.feed.revoke(UUID(gateway.issuer.session_id))
        async with asyncio.timeout(1):
            closed = await client.receive()
            await ended.get()
        assert (closed.type, closed.data, closed.extra) == (aiohttp.WSMsgType.CLOSE, 1008, "The session has ended.")
        await stranger.send_str("still in")
        assert await stranger.receive_str() == "still in"
    assert closed_by("revoked") == before + 1


async def test_expired_token_ends_no_socket_of_a_living_session(gateway: RunningGateway) -> None:
    """The session counts, not the ten minutes of the token that opened the socket."""
    serve(gateway)
    token = gateway.bearer(exp=gateway.issuer.claims()["iat"] + 1)

    async with socket(gateway, "live", headers=token) as client:

        async def has_expired() -> bool:
            async with gateway.client.get(f"{gateway.url}/mine", headers=token) as answer:
                return answer.status == 401

        await eventually(has_expired)
        await client.send_str("still in")
        assert await client.receive_str() == "still in"


async def test_client_that_reads_nothing_is_cut_off_too(gateway: RunningGateway) -> None:
    """A6: in the middle of a frame there is no place for a Close."""

    async def pour(socket: aiohttp.web.WebSocketResponse) -> None:
        while True:
            await socket.send_bytes(bytes(MEGABYTE))

    ended = serve(gateway, pour, compress=False)
    async with gateway.connection() as (reader, writer):
        writer.write(handshake("/live", **gateway.bearer()))
        await reader.readuntil(b"\r\n\r\n")
        gateway.feed.revoke(UUID(gateway.issuer.session_id))
        async with asyncio.timeout(3):
            await ended.get()
            await eventually(gateway.has_no_client)


async def test_client_that_ignores_the_close_is_cut_off(gateway: RunningGateway) -> None:
    serve(gateway)
    async with gateway.connection() as (reader, writer):
        writer.write(handshake("/live", **gateway.bearer()))
        await reader.readuntil(b"\r\n\r\n")
        gateway.feed.revoke(UUID(gateway.issuer.session_id))
        assert (await reader.read())[:4] == b"\x88\x18\x03\xf0"
        writer.write(masked(1, b"still here?"))
        await eventually(gateway.has_no_client, within=3)


async def test_stopping_closes_all_sockets_and_opens_none(gateway: RunningGateway) -> None:
    """R2"""
    serve(gateway)
    async with socket(gateway) as client:
        gateway.lifecycle.begin_stop()
        closed = await client.receive()
        assert (closed.type, closed.data) == (aiohttp.WSMsgType.CLOSE, 1001)
    assert status(await gateway.raw(handshake())) == 503


async def test_upstream_that_dies_ends_its_socket(tmp_path: Path, valkey_url: str) -> None:
    """Before it has agreed that is an answer; afterwards a cut is all that can tell."""
    answer = b""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()

    async with raw_server(talk) as url, run_gateway(tmp_path, valkey_url, USER_URL=url) as gateway:
        assert status(await gateway.raw(handshake())) == 502
        answer = agreement() + b"\x81\x01a" + b"\x82\x7d"
        assert (await gateway.raw(handshake())).endswith(b"\r\n\r\n\x81\x01a\x82\x7d")


async def test_idle_socket_is_closed(gateway: RunningGateway) -> None:
    serve(gateway)
    async with socket(gateway, "drowsy") as client:
        closed = await client.receive()
        assert (closed.type, closed.data) == (aiohttp.WSMsgType.CLOSE, 1001)
