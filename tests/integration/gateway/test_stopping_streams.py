"""The gateway's process, on its own event loop, when it is stopped with WebSockets open; and what it logs of them."""

import asyncio
import json
import signal
from pathlib import Path

import aiohttp
from aiohttp import web

from tests.integration.gateway.test_program import process, up, variables


async def serve_echo(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse(protocols=("chat",))
    await socket.prepare(request)
    async for message in socket:
        await socket.send_str(message.data)
    return socket


async def test_stopping_gateway_says_goodbye_to_its_sockets(tmp_path: Path, valkey_url: str) -> None:
    """R2: 1001, then a regular exit; one line tells how long it was and how much passed, and never the credential."""
    app = web.Application()
    app.router.add_get("/lobby", serve_echo)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    environ = variables(tmp_path, valkey_url, USER_URL=f"http://127.0.0.1:{site.port}", LOG_FORMAT="json")
    try:
        async with process(environ) as running, aiohttp.ClientSession() as client:
            await up(environ)
            url = f"http://127.0.0.1:{environ['PORT']}/lobby"
            async with client.ws_connect(url, protocols=("chat", "bearer.secret"), compress=0) as opened:
                assert opened.protocol == "chat"
                await opened.send_str("x" * 100_000)
                assert await opened.receive_str() == "x" * 100_000
                running.send_signal(signal.SIGTERM)
                closed = await opened.receive(timeout=5)
                assert (closed.type, closed.data) == (aiohttp.WSMsgType.CLOSE, 1001)
            said, errors = await asyncio.wait_for(running.communicate(), 10)
    finally:
        await runner.cleanup()
    assert running.returncode == 0, errors
    assert b"secret" not in said + errors
    (line,) = [each for each in map(json.loads, said.splitlines()) if each.get("http.response.status_code") == 101]
    assert (line["colonnade.stream.kind"], line["colonnade.stream.ended_by"]) == ("websocket", "stopping")
    assert line["http.response.body.bytes"] > 100_000
    assert line["http.request.body.bytes"] > 100_000
    assert line["event.duration"] > 0
