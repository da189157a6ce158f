"""Valkey's protocol (RESP2) over one connection: bursts of commands out, as many answers back, nothing else.

redis-py's client costs more per burst than all the rest of a check, and 7 MB; hiredis parses.
"""

import asyncio
import ssl
from collections.abc import Callable, Sequence
from typing import cast

import hiredis

from gateway.valkey.place import Place

Answer = object  # what hiredis makes of one: an Exception for one that tells an error

_pack: Callable[[tuple[bytes | str | int, ...]], bytes] = hiredis.pack_command  # type: ignore[assignment]  # its stub takes one word only
_NOTHING = object()


def packed(*words: bytes | str | int) -> bytes:
    """Return a command as it goes over the wire."""
    return _pack(words)


class _Protocol(asyncio.Protocol):
    """One burst at a time: `burst` is done when all of its answers are here, or fails with the connection."""

    def __init__(self) -> None:
        self._reader = hiredis.Reader(notEnoughData=_NOTHING)
        self._transport: asyncio.Transport | None = None
        self._answers: list[Answer] = []
        self._missing = 0
        self._burst: asyncio.Future[list[Answer]] | None = None

    @property
    def is_open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def send(self, commands: bytes, count: int) -> asyncio.Future[list[Answer]]:
        assert self._transport is not None
        self._answers, self._missing = [], count
        self._burst = asyncio.get_running_loop().create_future()
        self._transport.write(commands)
        return self._burst

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    # What the event loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        reader = self._reader
        try:
            reader.feed(data)
            while (answer := reader.gets()) is not _NOTHING:
                self._answers.append(answer)
        except hiredis.ProtocolError as exc:
            self._fail(ConnectionError(str(exc)))
            return
        burst = self._burst
        if burst is None or len(self._answers) > self._missing:  # nobody asked: whose answer would it be?
            self._fail(ConnectionError("Valkey sent more than was asked for."))
        elif len(self._answers) == self._missing:
            self._burst = None
            if not burst.done():
                burst.set_result(self._answers)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._fail(ConnectionError("Valkey closed the connection.") if exc is None else exc)

    def _fail(self, exc: Exception) -> None:
        self.close()
        burst, self._burst = self._burst, None
        if burst is not None and not burst.done():
            burst.set_exception(exc)


class ValkeyConnection:
    """Connects when it is first used, and again after every failure."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._tls = ssl.create_default_context(cafile=place.ca_file) if place.is_tls else None
        self._protocol: _Protocol | None = None

    async def burst(self, commands: Sequence[bytes]) -> list[Answer]:
        """Send all commands, return all answers in order; raises OSError. Given up, it takes the connection with it."""
        protocol = self._protocol
        if protocol is None or not protocol.is_open:
            protocol = await self._connect()
        try:
            return await protocol.send(b"".join(commands), len(commands))
        except BaseException:  # a late answer must never be taken for the next burst's
            protocol.close()
            raise

    def close(self) -> None:
        if self._protocol is not None:
            self._protocol.close()

    async def _connect(self) -> _Protocol:
        loop, place = asyncio.get_running_loop(), self._place
        if place.path:
            _, protocol = await loop.create_unix_connection(_Protocol, place.path)
        else:
            _, protocol = await loop.create_connection(_Protocol, place.host, place.port, ssl=self._tls)
        try:
            await self._greet(protocol)
        except BaseException:
            protocol.close()
            raise
        self._protocol = protocol
        return protocol

    async def _greet(self, protocol: _Protocol) -> None:
        """Say who we are. Raises ConnectionError where we aren't welcome."""
        place, commands = self._place, []
        if place.password:
            commands.append(packed("AUTH", place.user, place.password))
        if place.database:
            commands.append(packed("SELECT", str(place.database)))
        for answer in await protocol.send(b"".join(commands), len(commands)) if commands else ():
            if isinstance(answer, Exception):
                raise ConnectionError(f"Valkey refuses us: {answer}") from answer
