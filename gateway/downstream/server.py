"""aiohttp's server without its framework: its C parser has proved strict against request smuggling."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, cast
from weakref import WeakSet

from aiohttp import http_exceptions, http_parser, web
from prometheus_client import Gauge

from gateway.downstream.client import Client, Enter
from gateway.downstream.request import Head, Request
from gateway.downstream.sweeper import Sweeper
from gateway.errors import HeadTooLarge, MethodNotImplemented
from shared.errors import AppError, BadRequest
from shared.small_reads import READ_BUFFER

KEEP_ALIVE = 75.0  # seconds; also how long a client may take for a request's head
LINGER = 5.0  # seconds for which the rest of a refused upload is read, so that its client gets to see the answer
MAX_LINE = 8192  # bytes
MAX_FIELD = 16_384  # bytes; an access token fits
MAX_HEADERS = 100

_CLIENTS = Gauge("gateway_client_connections", "Connections of clients that are open, idle ones included.")
_SERVERS: "WeakSet[Server]" = WeakSet()  # one for each port
_CLIENTS.set_function(lambda: sum(len(server.connections) for server in _SERVERS))

Handler = Callable[[Request], Awaitable[web.StreamResponse]]
Refuse = Callable[[Request, AppError], web.StreamResponse]


def require_c_parser() -> None:
    """Exit unless aiohttp parses with llhttp: its parser in Python is laxer, and slow."""
    if http_parser.HttpRequestParser.__module__ != "aiohttp._http_parser":
        raise SystemExit("gateway: aiohttp's C parser is missing or switched off (AIOHTTP_NO_EXTENSIONS); not starting")


class Server(web.Server):
    """`refuse` answers what is no request at all; it must write nothing itself. `enter` is the fast lane's door."""

    def __init__(self, handler: Handler, refuse: Refuse, enter: Enter) -> None:
        super().__init__(handler, request_factory=self._request, handler_cancellation=True)  # type: ignore[arg-type]  # it gets our requests
        self.refuse = refuse
        self.enter = enter
        self._sweeper = Sweeper(self._swept, KEEP_ALIVE)
        _SERVERS.add(self)

    def __call__(self) -> web.RequestHandler:
        return _Connection(
            self,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=KEEP_ALIVE,
            lingering_time=LINGER,
            max_line_size=MAX_LINE,
            max_field_size=MAX_FIELD,
            max_headers=MAX_HEADERS,
            read_bufsize=READ_BUFFER,
            auto_decompress=False,
            access_log=None,
        )

    def connection_made(self, handler: web.RequestHandler, transport: asyncio.Transport) -> None:
        super().connection_made(handler, transport)
        self._sweeper.begin()

    def _swept(self) -> list[Client]:
        return cast(list[Client], self.connections)

    def _request(self, head: Head, payload: Any, protocol: web.RequestHandler, *rest: Any) -> Request:
        return Request(head, payload, protocol, *rest, self._loop)


class _Connection(Client):
    __slots__ = ("_refuse",)

    def __init__(self, server: Server, **options: object) -> None:
        super().__init__(server, server.enter, **options)
        self._refuse = server.refuse

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what the parser refused. Handlers answer their own failures."""
        if request.writer.output_size > 0 or status >= 500:  # noqa: PLR2004  a handler's bug, which aiohttp logs
            return super().handle_error(request, status, exc, message)
        assert isinstance(request, Request)
        return self._refuse(request, named(exc))


def named(exc: BaseException | None) -> AppError:
    if isinstance(exc, http_exceptions.LineTooLong):
        return HeadTooLarge()
    if isinstance(exc, http_exceptions.BadHttpMethod) and "HTTPS" not in str(exc):
        return MethodNotImplemented()
    return BadRequest("This is not HTTP/1.1.")
