"""One address for several replicas: a balancer of TCP connections, which can also be a bad network.

A connection goes to the ready replica that has the fewest; one that refuses it is passed over. With none ready, all
are tried: what they say is better than nothing.
"""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from tests.ports import free_port
from tests.replicated.replica import HOST

_CHUNK = 65_536
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: closing is a reset


@dataclass(eq=False)
class Target:
    port: int
    is_ready: Callable[[], bool] = lambda: True
    connections: int = 0


@dataclass
class Balancer:
    """`delay`: seconds that each piece of an answer takes longer."""

    targets: Sequence[Target]
    port: int = field(default_factory=free_port)
    delay: float = 0.0
    accepted: int = 0
    _writers: set[asyncio.StreamWriter] = field(default_factory=set, init=False)
    _passable: asyncio.Event = field(default_factory=asyncio.Event, init=False)

    def __post_init__(self) -> None:
        self._passable.set()

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def part(self) -> None:
        """Let nothing pass, without a word to either side, until `heal`."""
        self._passable.clear()

    def heal(self) -> None:
        self._passable.set()

    def reset_all(self) -> None:
        """End every connection as a crashed machine does."""
        for writer in tuple(self._writers):
            _reset(writer)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        tasks: set[asyncio.Task[None]] = set()

        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.ensure_future(self._serve(reader, writer))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

        server = await asyncio.start_server(accept, HOST, self.port, backlog=1024)
        try:
            yield
        finally:
            server.close()
            for task in tuple(tasks):
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        self._writers.add(writer)
        try:
            await self._passable.wait()
            await self._join(reader, writer)
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        address = writer.get_extra_info("peername")[0]  # servers see their client's address
        for target in self._order():
            target.connections += 1
            try:
                with suppress(OSError):
                    there, back = await asyncio.open_connection(HOST, target.port, local_addr=(address, 0))
                    await self._pass_both_ways((reader, writer), (there, back))
                    return
            finally:
                target.connections -= 1
        _reset(writer)

    async def _pass_both_ways(
        self,
        client: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        server: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        """Return when either side has ended the connection; the other sees the same end."""
        self._writers.add(server[1])
        ways = (
            asyncio.create_task(self._pass_on(client[0], server[1], slowed=False)),
            asyncio.create_task(self._pass_on(server[0], client[1], slowed=True)),
        )
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            self._writers.discard(server[1])
            server[1].close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, slowed: bool) -> None:
        try:
            while chunk := await reader.read(_CHUNK):
                await self._passable.wait()
                if slowed and self.delay:
                    await asyncio.sleep(self.delay)
                writer.write(chunk)
                await writer.drain()
        except OSError:
            _reset(writer)

    def _order(self) -> list[Target]:
        ready = [target for target in self.targets if target.is_ready()]
        return sorted(ready or self.targets, key=lambda target: target.connections)


def _reset(writer: asyncio.StreamWriter) -> None:
    connection = writer.get_extra_info("socket")
    with suppress(OSError):  # it is closed already
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    writer.transport.abort()
