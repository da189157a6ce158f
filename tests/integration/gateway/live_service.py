"""What a service with WebSockets does, and the raw handshake that a test spoils where it wants to."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web

from gateway.edge.websocket import accept_of
from tests.integration.gateway.running_gateway import RunningGateway

Talk = Callable[[web.WebSocketResponse], Awaitable[None]]
KEY = b64encode(bytes(range(16))).decode()
MEGABYTE = 1024 * 1024


async def echo(socket: web.WebSocketResponse) -> None:
    """Tell everything back, as it was."""
    async for message in socket:
        if message.type is aiohttp.WSMsgType.TEXT:
            await socket.send_str(message.data)
        else:
            await socket.send_bytes(message.data)


def serve(gateway: RunningGateway, talk: Talk = echo, **options: object) -> "asyncio.Queue[int]":
    """Let the service behind the gateway speak WebSocket; the queue gets each socket's close code at its end."""
    ended: asyncio.Queue[int] = asyncio.Queue()

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        socket = web.WebSocketResponse(protocols=("chat",), max_msg_size=0, **options)  # type: ignore[arg-type]  # aiohttp's options
        await socket.prepare(request)
        try:
            await talk(socket)
        finally:
            ended.put_nowait(socket.close_code or 0)
        return socket

    gateway.echo.answer = answer
    return ended


def handshake(path: str = "/lobby", /, **changes: str | None) -> bytes:
    """Return the request; `changes` replace headers (`_` for `-`), and None leaves one out."""
    headers: dict[str, str | None] = {
        "Host": "h",
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": KEY,
    }
    headers |= {name.replace("_", "-"): value for name, value in changes.items()}
    lines = [f"{name}: {value}" for name, value in headers.items() if value is not None]
    return "\r\n".join((f"GET {path} HTTP/1.1", *lines, "", "")).encode()


def agreement(**changes: str) -> bytes:
    """Return the head of a service's 101 to `handshake`."""
    headers = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Accept": accept_of(KEY),
    } | {name.replace("_", "-"): value for name, value in changes.items()}
    lines = [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join(("HTTP/1.1 101 Switching Protocols", *lines, "", "")).encode()


def masked(opcode: int, payload: bytes) -> bytes:
    """Return a client's frame of at most 125 bytes, masked with zeros."""
    return bytes((0x80 | opcode, 0x80 | len(payload), 0, 0, 0, 0)) + payload


@asynccontextmanager
async def socket(
    gateway: RunningGateway, path: str = "lobby", **options: object
) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """A client's WebSocket through the gateway."""
    url = f"{gateway.url}/{path}"
    async with (
        asyncio.timeout(15),
        gateway.client.ws_connect(url, max_msg_size=0, **options) as connected,  # type: ignore[call-overload]  # aiohttp's options
    ):
        yield connected
