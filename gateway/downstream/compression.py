"""An answer that is compressed on its way, piece by piece: what has come from the service waits for nothing more."""

import asyncio
import zlib

from aiohttp import web
from multidict import CIMultiDict

from gateway.downstream.answer import Answer

_LEVEL = 5
_GZIP = 16 + zlib.MAX_WBITS
_SMALL = 8192  # bytes; compressing as much takes as long as asking another thread to


class GzipAnswer(Answer):
    """Its headers say `Content-Encoding: gzip`; `sent` counts what leaves."""

    def __init__(self, request: web.BaseRequest, status: int, headers: CIMultiDict[str], *, keep_alive: bool) -> None:
        super().__init__(request, status, headers, keep_alive=keep_alive)
        self._gzip = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)

    @property
    def transport(self) -> None:
        """Nothing may be written past the compressor."""
        return

    async def send(self, body: bytes) -> None:
        await super().send(await self._coded(body, zlib.Z_FINISH))

    async def begin(self, length: int | None) -> None:  # noqa: ARG002  the plain body's, which nobody will see
        await super().begin(None)

    async def add(self, data: bytes) -> None:
        if self._has_body:
            await super().add(await self._coded(data, zlib.Z_SYNC_FLUSH))

    async def end(self) -> None:
        if self._has_body:
            await super().add(self._gzip.flush())
        await super().end()

    async def _coded(self, data: bytes, flush: int) -> bytes:
        """zlib works without the interpreter's lock, so a large piece holds nobody up in a thread of its own."""
        if len(data) <= _SMALL:
            return self._code(data, flush)
        return await asyncio.to_thread(self._code, data, flush)

    def _code(self, data: bytes, flush: int) -> bytes:
        return self._gzip.compress(data) + self._gzip.flush(flush)
