"""A real upstream on a real socket, whose every byte a test decides."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

from gateway.upstreams.connection import Connection
from gateway.upstreams.instance import PoolLimits
from gateway.upstreams.pool import Pool
from gateway.upstreams.pools import open_pools
from gateway.upstreams.requests import UpstreamRequest

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

GET = UpstreamRequest("GET", "/x?y=1", [(b"Host", b"h")], timeout=5.0)
POST = replace(GET, method="POST", body=b"{}", length=2)
LIMITS = PoolLimits()


class Upstream:
    """Counts its connections and notes when each has ended."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self.port = 0
        self.accepted = 0
        self.talks: set[asyncio.Task[None]] = set()
        self.ended = asyncio.Semaphore(0)

    def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        self.talks.add(asyncio.create_task(self._serve(reader, writer)))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                await self._talk(reader, writer)
        finally:
            writer.close()
            self.ended.release()


@asynccontextmanager
async def serving(talk: Talk, unix: socket.socket | None = None) -> AsyncIterator[Upstream]:
    """Serve at a port, or at this socket, which is bound."""
    upstream = Upstream(talk)
    if unix is not None:
        server = await asyncio.start_unix_server(upstream.serve, sock=unix)
    else:
        server = await asyncio.start_server(upstream.serve, "127.0.0.1", 0)
        upstream.port = server.sockets[0].getsockname()[1]
    try:
        yield upstream
    finally:
        server.close()
        for task in upstream.talks:
            task.cancel()
        await asyncio.gather(*upstream.talks, return_exceptions=True)
        await server.wait_closed()


@asynccontextmanager
async def pool_for(talk: Talk, limits: PoolLimits = LIMITS) -> AsyncIterator[tuple[Pool, Upstream]]:
    async with serving(talk) as upstream, open_pools(limits) as pools:
        yield pools.change({"it": f"http://127.0.0.1:{upstream.port}"})["it"], upstream


def active(pool: Pool) -> set[Connection]:
    """The connections of exchanges that go on."""
    return {connection for instance in pool._instances for connection in instance._active}


async def read_head(reader: asyncio.StreamReader) -> bytes:
    return await reader.readuntil(b"\r\n\r\n")


async def ask(pool: Pool, request: UpstreamRequest = GET) -> tuple[int, bytes]:
    exchange = await pool.exchange(request)
    try:
        body = b""
        while data := await exchange.read():
            body += data
        return exchange.status, body
    finally:
        await exchange.end()


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110  what is waited for has no event to set
            await asyncio.sleep(0)
