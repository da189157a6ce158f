"""A connection to an upstream as either end of what the kernel passes on. The upstream's clocks run as ever."""

import asyncio

from gateway.kernel_relay import Lent
from gateway.upstreams.connection import Connection


class AnswerSource:
    """The answer whose head is in. Implements `Source`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @property
    def transport(self) -> asyncio.Transport | None:
        return self._connection.transport_to_lend

    @property
    def left(self) -> int | None:
        return self._connection.answer.left

    def halt(self) -> bytes:
        return self._connection.halt()

    async def ready(self, lent: Lent) -> None:
        await self._connection.watch(lent, lent.has_bytes)

    def resume(self, taken: int) -> None:
        self._connection.go_on(taken)


class UploadTarget:
    """What takes the rest of a request. Implements `Target`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @property
    def transport(self) -> asyncio.Transport | None:
        return self._connection.transport_to_lend

    async def write_out(self, data: bytes) -> None:
        self._connection.await_upstream()
        await self._connection.write_out(data)

    async def ready_for(self, lent: Lent) -> None:
        self._connection.await_upstream()
        await self._connection.watch(lent, lent.takes_bytes)
        self._connection.await_client()

    def note(self, given: int) -> None:
        """Nobody counts them."""
