"""A proxy of HTTP in front of a real server, which fails as it is told: one request a connection."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

_END_OF_HEAD = b"\r\n\r\n"


class FaultProxy:
    """`fault` is asked for each request's first line: "" passes it on, and what else it may say is below.

    500       an answer without a body, and a closed connection; any other number likewise
    hang      nothing, until the client or the test ends
    damage    passed on with a bit of the body turned
    stall     passed on; the answer's body stops after a megabyte
    cut       passed on; the connection ends after a megabyte of the answer
    """

    def __init__(self, target: str) -> None:
        self._host, _, port = target.removeprefix("http://").partition(":")
        self._port = int(port)
        self.url = ""
        self.fault: Callable[[str], str] = lambda _line: ""
        self.seen: list[str] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(OSError, asyncio.IncompleteReadError):
                head = await reader.readuntil(_END_OF_HEAD)
                line = head.partition(b"\r\n")[0].decode()
                self.seen.append(line)
                await self._obey(self.fault(line), head, reader, writer)
        finally:
            writer.close()

    async def _obey(self, fault: str, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if fault == "hang":
            await reader.read(-1)
            return
        if fault.isdigit():
            writer.write(f"HTTP/1.1 {fault} Fault\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
            await writer.drain()
            return
        there, back = await asyncio.open_connection(self._host, self._port)
        back.write(head.removesuffix(_END_OF_HEAD) + b"\r\nConnection: close" + _END_OF_HEAD)
        upwards = asyncio.create_task(_pass_on(reader, back, damage=fault == "damage"))
        try:
            await _pass_on(there, writer, most=1_000_000 if fault in ("stall", "cut") else None)
            if fault == "stall":
                await upwards
        finally:
            upwards.cancel()
            back.close()


async def _pass_on(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, damage: bool = False, most: int | None = None
) -> None:
    passed = 0
    with suppress(OSError):
        while (chunk := await reader.read(65_536)) and (most is None or passed < most):
            writer.write(bytes([chunk[0] ^ 1]) + chunk[1:] if damage else chunk)
            await writer.drain()
            passed += len(chunk)
            damage = False


@asynccontextmanager
async def fault_proxy(target: str) -> AsyncIterator[FaultProxy]:
    proxy = FaultProxy(target)
    connections: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(proxy.serve(reader, writer))
        connections.add(task)
        task.add_done_callback(connections.discard)

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    proxy.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield proxy
    finally:
        server.close()
        for task in tuple(connections):
            task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)
