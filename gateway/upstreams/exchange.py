"""One request and its answer. The upload runs beside the answer, which may come before the upload's end."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing

from gateway.kernel_relay import Source, relay
from gateway.upstreams.answers import Header
from gateway.upstreams.connection import Connection
from gateway.upstreams.kernel_ends import AnswerSource, UploadTarget
from gateway.upstreams.requests import LAST_CHUNK, UpstreamRequest, chunk
from shared.errors import AppError, InternalError
from shared.logs import log


class Exchange:
    """An answer being received; `read` yields its body. `end` must follow in any case, cancellation included."""

    def __init__(
        self, connection: Connection, release: Callable[[Connection], None], set_apart: Callable[[Connection], None]
    ) -> None:
        self.connection = connection
        self._release = release
        self._set_apart = set_apart
        self._upload: asyncio.Task[None] | None = None

    @property
    def status(self) -> int:
        return self.connection.answer.status

    @property
    def headers(self) -> Sequence[Header]:
        return self.connection.answer.headers

    @property
    def length(self) -> int | None:
        """The body's declared length; for an answer to HEAD, that of the body left out."""
        return self.connection.answer.length

    @property
    def is_complete(self) -> bool:
        """All of the answer is here: the next `read` waits for nothing and returns all the rest."""
        return self.connection.answer.complete

    async def begin(self, request: UpstreamRequest, deadline: float) -> None:
        """Send the request and wait for the answer's head. Raises BadGateway, UpstreamTimeout, or the body's error."""
        connection = self.connection
        left = deadline - asyncio.get_running_loop().time()
        head, body = request.head(left), request.body
        if isinstance(body, bytes):
            connection.start(head + body, request, deadline)
        else:
            connection.start(head, request, deadline)
            self._upload = asyncio.create_task(self._send(body, request))
        await connection.wait_for_head()

    def take(self) -> bytes:
        """Return all body bytes that are here."""
        return self.connection.answer.take()

    @property
    def source(self) -> Source:
        """The body, for what may be left to the kernel."""
        return AnswerSource(self.connection)

    async def read(self) -> bytes:
        return await self.connection.read()

    def unread(self, data: bytes) -> None:
        """Put back what was read so far: the next reader gets it first."""
        self.connection.answer.put_back(data)

    def last(self, silence: float) -> None:
        """Turn into a stream: no end is set to it but `silence` seconds without a byte of the upstream's."""
        self.connection.last(silence)
        self._set_apart(self.connection)

    def write(self, data: bytes) -> bool:
        """Send bytes of the protocol that the upstream has switched to; whether it wants `drain` awaited first."""
        self.connection.write(data)
        return self.connection.writing_paused

    async def drain(self) -> None:
        await self.connection.drain()

    def cut(self) -> None:
        """Drop the connection at once; `end` still follows."""
        self.connection.close()

    async def end(self) -> None:
        """Give the connection back if the exchange was whole, else drop it, and with it the upstream's work."""
        upload = self._upload
        try:
            if upload is not None and not upload.done():
                self.connection.close()  # an early answer to an unfinished upload
                upload.cancel()
                await asyncio.wait((upload,))
        finally:
            self._release(self.connection)

    def close(self) -> None:
        """Do as `end`, for an exchange that has no upload."""
        self._release(self.connection)

    async def _send(self, body: AsyncGenerator[bytes, None], request: UpstreamRequest) -> None:
        """However it ends, `body` is closed: left to be collected, it would go on reading its connection in its way."""
        try:
            async with aclosing(body):
                await self._send_all(body, request)
        except AppError as exc:
            self.connection.fail(exc)
        except Exception as exc:  # noqa: BLE001  whatever a body raises must end the exchange, or it would wait for ever
            log.error("upload_failed", exc)
            self.connection.fail(InternalError())

    async def _send_all(self, body: AsyncGenerator[bytes, None], request: UpstreamRequest) -> None:
        connection, chunked = self.connection, request.is_chunked
        connection.await_client()
        async for data in body:
            connection.await_upstream()
            connection.write(chunk(data) if chunked else data)
            await connection.drain()
            connection.await_client()
            if request.source is not None:
                await self._send_past_us(request.source)
        if chunked:
            connection.write(LAST_CHUNK)
        connection.await_upstream()

    async def _send_past_us(self, source: Source) -> None:
        try:
            await relay(source, UploadTarget(self.connection))
        except ConnectionError:
            self.connection.note_reset()  # of which the transport may not learn any more: it reads the answer still
