"""Clients that read no further, on closed connections: what waits for them is kept for a while, not for ever."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import cast

import pytest

from gateway.downstream.answer import SILENCE
from gateway.downstream.client import Client
from gateway.downstream.server import KEEP_ALIVE
from tests.integration.gateway.running_gateway import RunningGateway
from tests.integration.gateway.scripted_service import OK, get, scripted
from tests.waiting import eventually

SMALL = 4096  # bytes that the kernel holds at each end; it makes a few more of them
BODY = bytes(60_000)  # more than these, and less than makes whoever writes it wait


@contextmanager
def reading_nothing(gateway: RunningGateway) -> Iterator[socket.socket]:
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
        client.connect(("127.0.0.1", gateway.port))
        yield client


async def accepted(gateway: RunningGateway) -> Client:
    async def has_come() -> bool:
        return bool(gateway.server.connections)

    await eventually(has_come)
    (connection,) = gateway.server.connections
    client = cast(Client, connection)
    assert client.transport is not None
    client.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SMALL)
    return client


@asynccontextmanager
async def closed_in_vain(
    folder: Path, valkey_url: str, *said: str
) -> AsyncIterator[tuple[RunningGateway, socket.socket, Client]]:
    """Yield a connection that is closed while much of an answer waits: at the client's word, or else as it is idle."""
    async with scripted(folder, valkey_url) as (gateway, service):
        service.answer = OK + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY
        with reading_nothing(gateway) as sock:
            client = await accepted(gateway)
            transport = client.transport
            assert transport is not None
            sock.sendall(get(gateway, "/open/x", *said))

            async def is_closed() -> bool:
                client.sweep(asyncio.get_running_loop().time())
                if not said and transport.get_write_buffer_size():
                    client.sweep(asyncio.get_running_loop().time() + KEEP_ALIVE)
                return transport.is_closing()

            await eventually(is_closed)
            assert transport.get_write_buffer_size() > 0
            yield gateway, sock, client


@pytest.mark.parametrize(
    "said", [pytest.param((), id="as it is idle"), pytest.param(("Connection: close",), id="at its word")]
)
async def test_closed_connection_is_cut_if_nothing_is_taken(
    said: tuple[str, ...], tmp_path: Path, valkey_url: str
) -> None:
    """G16, F22: or it keeps its descriptor, and the kernel's memory, for as long as its client likes."""
    async with closed_in_vain(tmp_path, valkey_url, *said) as (gateway, _, client):
        now = asyncio.get_running_loop().time()
        for later in (0.0, SILENCE - 1):
            client.sweep(now + later)
            await asyncio.sleep(0)
            assert gateway.server.connections
        client.sweep(now + SILENCE + 1)

        async def is_gone() -> bool:
            return not gateway.server.connections

        await eventually(is_gone)


async def test_closed_connection_gives_what_waits_to_whoever_takes_it(tmp_path: Path, valkey_url: str) -> None:
    async with closed_in_vain(tmp_path, valkey_url, "Connection: close") as (_, sock, client):
        client.sweep(asyncio.get_running_loop().time())
        client.sweep(asyncio.get_running_loop().time() + SILENCE - 1)
        sock.setblocking(False)
        answer = b""
        while piece := await asyncio.get_running_loop().sock_recv(sock, SMALL):
            answer += piece
        assert answer.endswith(BODY)
