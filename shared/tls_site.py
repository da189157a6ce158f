"""A port that speaks TLS. aiohttp's own site leaves a client a minute for its handshake; this one doesn't."""

import asyncio
import ssl

from aiohttp import web

HANDSHAKE = 10.0  # seconds for the whole of it; meanwhile the client costs a socket, and no request waits for it
_FAREWELL = 2.0  # seconds for a client to say that it has seen the end
_BACKLOG = 128


class TlsSite(web.BaseSite):
    """`shares_port`: other processes listen on it too."""

    def __init__(
        self, runner: web.BaseRunner, address: tuple[str, int], context: ssl.SSLContext, *, shares_port: bool = False
    ) -> None:
        super().__init__(runner, ssl_context=context, backlog=_BACKLOG)
        self._host, self.port = address
        self._shares_port = shares_port

    @property
    def name(self) -> str:
        return f"https://{self._host}:{self.port}"

    async def start(self) -> None:
        await super().start()
        server = self._runner.server
        assert server is not None  # BaseSite has checked it
        self._server = await asyncio.get_running_loop().create_server(
            server,
            self._host,
            self.port,
            ssl=self._ssl_context,
            backlog=self._backlog,
            reuse_port=self._shares_port or None,
            ssl_handshake_timeout=HANDSHAKE,
            ssl_shutdown_timeout=_FAREWELL,
        )
        self.port = self._server.sockets[0].getsockname()[1]
