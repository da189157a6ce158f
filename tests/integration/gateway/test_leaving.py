"""Clients that leave at every point of an exchange: their service hears of it within a second, and nothing is left."""

import asyncio
from asyncio import StreamReader, StreamWriter
from pathlib import Path

import pytest

from gateway.downstream.client import Client
from tests.integration.gateway.conftest import gateway_before, ready
from tests.integration.gateway.raw_service import raw_server
from tests.integration.gateway.running_gateway import RunningGateway, run_gateway
from tests.waiting import eventually

WITHIN = 1.0  # seconds


class Watched:
    """A service that sends `says` to each request, and notes when a connection has something and when it ends."""

    def __init__(self, says: bytes) -> None:
        self._says = says
        self.arrived = asyncio.Event()
        self.ended = asyncio.Event()

    async def talk(self, reader: StreamReader, writer: StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(self._says)
            self.arrived.set()
            while await reader.read(65_536):
                pass
        finally:
            self.ended.set()


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
GET = b"GET /big HTTP/1.1\r\nHost: h\r\n\r\n"
PUT = b"PUT /big HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\nsome"
CHUNKED_PUT = b"PUT /big HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nsome\r\n"


@pytest.mark.parametrize(
    ("request_bytes", "says"),
    [
        pytest.param(GET, b"", id="before the answer"),
        pytest.param(GET, CHUNKED + b"5\r\nhello\r\n", id="in the answer"),
        pytest.param(PUT, b"", id="in the upload"),
        pytest.param(CHUNKED_PUT, b"", id="in a chunked upload"),
        pytest.param(GET * 3, b"", id="with more requests sent"),
    ],
)
@pytest.mark.parametrize("how", ["close", "abort"])
async def test_services_work_ends_within_a_second(
    request_bytes: bytes, says: bytes, how: str, tmp_path: Path, valkey_url: str
) -> None:
    watched = Watched(says)
    async with gateway_before(watched.talk, tmp_path, valkey_url) as gateway:
        _, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
        writer.write(request_bytes)
        async with asyncio.timeout(5):
            await watched.arrived.wait()
        if how == "close":
            writer.close()
        else:
            writer.transport.abort()
        async with asyncio.timeout(WITHIN):
            await watched.ended.wait()
        await eventually(lambda: _holds_nothing(gateway), within=WITHIN)


async def test_reader_that_leaves_in_the_middle_of_much_is_noticed(tmp_path: Path, valkey_url: str) -> None:
    """It has been taking nothing: the gateway was waiting for it, and the service for the gateway."""

    class Pouring(Watched):
        async def talk(self, reader: StreamReader, writer: StreamWriter) -> None:
            try:
                await reader.readuntil(b"\r\n\r\n")
                writer.write(CHUNKED)
                while True:
                    writer.write(b"10000\r\n" + bytes(0x10000) + b"\r\n")
                    if writer.transport.get_write_buffer_size():
                        self.arrived.set()
                    await writer.drain()
            finally:
                self.ended.set()

    watched = Pouring(b"")
    async with gateway_before(watched.talk, tmp_path, valkey_url) as gateway, gateway.connection() as (_, writer):
        writer.write(GET)
        async with asyncio.timeout(5):
            await watched.arrived.wait()
        writer.transport.abort()
        async with asyncio.timeout(WITHIN):
            await watched.ended.wait()


@pytest.mark.parametrize("first", ["client", "lane"])
async def test_client_that_leaves_between_two_lanes_leaves_nothing_there(
    first: str, tmp_path: Path, valkey_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the fast lane has begun, the slow one never comes to: its task ends before it has begun."""
    fall_back = Client.fall_back
    ended = asyncio.Event()

    def leave_and_fall_back(client: Client, *handed_over: object) -> None:
        assert client.transport is not None
        if first == "client":
            client.transport.abort()
        fall_back(client, *handed_over)
        client.transport.abort()

    async def talk(reader: StreamReader, writer: StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        await reader.readuntil(b"\r\n\r\n")
        writer.write(CHUNKED + b"5\r\nhello\r\n")  # more is to come, which is nothing for the fast lane
        await reader.read()
        ended.set()

    async with raw_server(talk) as url, run_gateway(tmp_path, valkey_url, USER_URL=url) as gateway:
        await ready(gateway)
        async with gateway.connection() as (reader, writer):
            writer.write(GET)
            await reader.readuntil(b"ok")  # there is a connection to the service now, which the lane needs
            monkeypatch.setattr(Client, "fall_back", leave_and_fall_back)
            writer.write(GET)
            async with asyncio.timeout(5):
                await ended.wait()
            await eventually(lambda: _holds_nothing(gateway), within=WITHIN)


async def _holds_nothing(gateway: RunningGateway) -> bool:
    """Whether no client's connection and no exchange is left."""
    async with gateway.client.get(f"http://127.0.0.1:{gateway.private_port}/metrics") as answer:
        lines = (await answer.text()).splitlines()
    held = [line for line in lines if line.startswith("gateway_upstream_in_flight{") and not line.endswith(" 0.0")]
    return not gateway.server.connections and not held
