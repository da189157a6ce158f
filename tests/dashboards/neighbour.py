"""What stands beside the installation: a service behind the same gateway, and where the last backup is told of."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from aiohttp import web

ROUTES = """
[upstreams.lobby]
url = "http://127.0.0.1:{port}"
max_in_flight = 4

[[route]]
name = "lobby"
prefix = "/v1/lobby"
methods = ["GET"]
upstream = "lobby"
auth = "user"
limit = "user"
timeout = 10

[[route]]
name = "lobby_talk"
exact = "/v1/lobby/talk"
methods = ["GET"]
upstream = "lobby"
auth = "user"
limit = "user"
timeout = 10
websocket = true

[[route]]
name = "notice"
exact = "/v1/notice"
methods = ["GET"]
upstream = "lobby"
auth = "public"
limit = "page"
timeout = 10
cache = true

[[route]]
name = "notice_change"
exact = "/v1/notice"
methods = ["PUT"]
upstream = "lobby"
auth = "user"
limit = "user"
timeout = 10
"""


@dataclass
class Neighbour:
    """`open` lets those go who wait in the lobby; `backup` is what a node exporter would tell of."""

    port: int
    backup: Path
    open: asyncio.Event = field(default_factory=asyncio.Event)

    async def wait(self, _request: web.Request) -> web.Response:
        await self.open.wait()
        return web.json_response({})

    async def talk(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            if message.type is aiohttp.WSMsgType.TEXT:
                await socket.send_str(message.data)
        return socket

    async def tell_notice(self, _request: web.Request) -> web.Response:
        return web.Response(text="open all day", headers={"Cache-Control": "max-age=60"})

    async def change_notice(self, _request: web.Request) -> web.Response:
        return web.Response(status=204)

    async def metrics(self, _request: web.Request) -> web.Response:
        text = self.backup.read_text() if self.backup.exists() else ""
        return web.Response(text=text, headers={"Content-Type": "text/plain; version=0.0.4"})


@asynccontextmanager
async def running_neighbour(port: int, backup: Path) -> AsyncIterator[Neighbour]:
    neighbour = Neighbour(port, backup)
    app = web.Application()
    app.router.add_get("/v1/lobby/talk", neighbour.talk)
    app.router.add_get("/v1/lobby/wait", neighbour.wait)
    app.router.add_get("/v1/notice", neighbour.tell_notice)
    app.router.add_put("/v1/notice", neighbour.change_notice)
    app.router.add_get("/metrics", neighbour.metrics)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield neighbour
    finally:
        await runner.cleanup()
