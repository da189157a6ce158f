"""A client that costs little: one kept-alive HTTP/1.1 connection, and no second try.

It goes by what a server says: after `Connection: close` the next request goes over another connection. Whatever else
ends a connection fails the request that was under way.
"""

import asyncio
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import urlsplit

import httptools

_PATIENCE = 15.0  # seconds for an answer


@dataclass(slots=True)
class Answer:
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


class Failed(Exception):
    """There was no answer; the message says how it went."""


class Connection:
    def __init__(self, url: str) -> None:
        place = urlsplit(url)
        self._host, self._port = place.hostname or "", place.port or 80
        self._wire: _Wire | None = None

    async def ask(self, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> Answer:
        """Raises Failed."""
        fields = {"Host": f"{self._host}:{self._port}", **headers}
        if body or method in ("POST", "PATCH"):
            fields["Content-Length"] = str(len(body))
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        try:
            async with asyncio.timeout(_PATIENCE):
                wire = await self._connected()
                return await wire.ask(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body, method == "HEAD")
        except Failed:
            self.close()
            raise
        except TimeoutError:
            self.close()
            raise Failed(f"no answer in {_PATIENCE:g} s") from None
        except OSError as exc:
            raise Failed(f"no connection: {exc}") from exc

    async def _connected(self) -> "_Wire":
        if self._wire is None or self._wire.is_over:
            self.close()
            _, self._wire = await asyncio.get_running_loop().create_connection(_Wire, self._host, self._port)
        return self._wire

    def close(self) -> None:
        if self._wire is not None:
            self._wire.close()
        self._wire = None


class _Wire(asyncio.Protocol):
    """Its `on_` methods are the parser's to call. `is_over`: the server said that it wants no further request."""

    def __init__(self) -> None:
        self.is_over = False
        self._answer = Answer()
        self._waiting: asyncio.Future[Answer] | None = None
        self._parser: httptools.HttpResponseParser | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    async def ask(self, request: bytes, without_body: bool) -> Answer:  # noqa: FBT001  it is HEAD's
        if self._transport.is_closing():
            raise Failed("the connection was ended between two requests, without a word before")
        self._answer, self._without_body = Answer(), without_body
        self._parser = httptools.HttpResponseParser(self)
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._waiting

    def data_received(self, data: bytes) -> None:
        if self._parser is None:
            self._transport.abort()
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as exc:
            self._fail(f"no HTTP: {exc}")

    def on_header(self, name: bytes, value: bytes) -> None:
        self._answer.headers[name.decode().lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        assert self._parser is not None
        self._answer.status = self._parser.get_status_code()
        if self._without_body:
            self.on_message_complete()

    def on_body(self, body: bytes) -> None:
        self._answer.body += body

    def on_message_complete(self) -> None:
        self.is_over = self._answer.headers.get("connection", "").lower() == "close"
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(self._answer)

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(f"the connection was lost: {exc or 'closed'}")

    def _fail(self, what: str) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(Failed(what))

    def close(self) -> None:
        self._transport.abort()
