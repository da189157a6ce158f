"""`python -m tests.soak.service`: an instance that says each request's own token back, in every way there is to answer.

It stops as every service of ours does, by shared.serve. SIGUSR1 makes it reset all its connections.
"""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Self

from aiohttp import WSMsgType, web

from shared.identity import HEADER, Verifier, load_trust
from shared.lifecycle import Lifecycle
from shared.serve import Apps, serve
from shared.settings import Env, ProcessSettings, load
from shared.web.app import private_app

NAME = "user_service"
TOKEN = "X-Token"
_SLOW_EVERY, _SLOW = 16, 0.01  # each so many requests take so many seconds more


class Service:
    """Paths are `/ROUTE/KIND/TOKEN` and perhaps a number; whatever it answers is made of the token."""

    def __init__(self, verifier: Verifier, lifecycle: Lifecycle) -> None:
        self._verifier = verifier
        self._lifecycle = lifecycle
        self._asked = 0
        self.server = web.Server(self.handle, auto_decompress=False, handler_cancellation=True)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        self._verifier.verify(request.headers[HEADER])
        self._asked += 1
        if self._asked % _SLOW_EVERY == 0:
            await asyncio.sleep(_SLOW)
        _, _, kind, token, *numbers = request.path.split("/")
        if kind == "download":
            return await self._pour(request, token, int(numbers[0]))
        if kind == "events":
            return await self._tell(request, token)
        if kind == "socket":
            return await self._talk(request, token)
        received = await request.read()
        body = received if kind == "echo" and request.method == "POST" else f"{token} {len(received)}".encode()
        return self._closing(web.Response(body=body, headers={TOKEN: token}))

    async def _pour(self, request: web.BaseRequest, token: str, pieces: int) -> web.StreamResponse:
        piece = token.encode() * 100
        response = self._closing(web.StreamResponse(headers={TOKEN: token}))
        if pieces % 2:
            response.content_length = len(piece) * pieces
        await response.prepare(request)
        for _ in range(pieces):
            await response.write(piece)
        return response

    async def _tell(self, request: web.BaseRequest, token: str) -> web.StreamResponse:
        headers = {TOKEN: token, "Content-Type": "text/event-stream"}
        response = self._closing(web.StreamResponse(headers=headers))
        await response.prepare(request)
        for _ in range(3):
            await response.write(f"data: {token}\n\n".encode())
            await asyncio.sleep(_SLOW)
        return response

    async def _talk(self, request: web.BaseRequest, token: str) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                await socket.send_str(f"{token} {message.data}")
        return socket

    def _closing(self, response: web.StreamResponse) -> web.StreamResponse:
        if self._lifecycle.stopping:
            response.force_close()
            response.headers["Connection"] = "close"
        return response

    def reset_all(self) -> None:
        for handler in self.server.connections:
            if handler.transport is not None:
                handler.transport.abort()


@dataclass(frozen=True, slots=True)
class _Settings:
    process: ProcessSettings

    @classmethod
    def from_env(cls, env: Env) -> Self:
        return cls(ProcessSettings.from_env(env, NAME, 8082))


def main() -> int:
    settings = load(_Settings)
    verifier = Verifier(load_trust(settings.process.trust_file), NAME)

    @asynccontextmanager
    async def opened(lifecycle: Lifecycle) -> AsyncIterator[Apps]:
        service = Service(verifier, lifecycle)
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, service.reset_all)
        yield Apps(service.server, private_app([], verifier, {}, lifecycle))

    return serve(settings.process, opened)


if __name__ == "__main__":
    raise SystemExit(main())
