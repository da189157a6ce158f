"""A service that answers as it is told, behind a gateway; and which lane the gateway's answers took."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from prometheus_client import REGISTRY

from tests.integration.gateway.conftest import ready
from tests.integration.gateway.raw_service import raw_server
from tests.integration.gateway.running_gateway import RunningGateway, run_gateway

OK = b"HTTP/1.1 200 OK\r\n"
HELLO = OK + b"Content-Length: 5\r\n\r\nhello"


def answered(lane: str) -> float:
    return REGISTRY.get_sample_value("gateway_fast_lane_requests_total", {"in": lane}) or 0.0


class Scripted:
    """A service that answers every request with `answer`, and holds it back while `held` isn't set."""

    def __init__(self) -> None:
        self.answer = HELLO
        self.held = asyncio.Event()
        self.held.set()
        self.heads: list[bytes] = []
        self.lost = 0

    async def talk(self, reader: StreamReader, writer: StreamWriter) -> None:
        while True:
            try:
                head = await reader.readuntil(b"\r\n\r\n")
            except asyncio.IncompleteReadError:
                self.lost += 1
                return
            self.heads.append(head)
            if not self.held.is_set():
                gone = asyncio.create_task(reader.read(1))
                free = asyncio.create_task(self.held.wait())
                await asyncio.wait({gone, free}, return_when=asyncio.FIRST_COMPLETED)
                free.cancel()
                if gone.done():
                    self.lost += 1
                    return
                gone.cancel()
                await asyncio.gather(gone, return_exceptions=True)
            writer.write(self.answer)
            if b"Connection: close" in self.answer or b"Content-Length" not in self.answer:
                await writer.drain()
                return

    async def has_been_asked(self, times: int) -> bool:
        return len(self.heads) >= times


@asynccontextmanager
async def scripted(folder: Path, valkey_url: str, **environ: str) -> AsyncIterator[tuple[RunningGateway, Scripted]]:
    service = Scripted()
    async with (
        raw_server(service.talk) as url,
        run_gateway(folder, valkey_url, USER_URL=url, **environ) as gateway,
    ):
        await ready(gateway)
        yield gateway, service


def get(gateway: RunningGateway, path: str = "/mine/x", *more: str, token: str = "") -> bytes:
    token = token or gateway.bearer()["Authorization"]
    lines = [f"GET {path} HTTP/1.1", "Host: h", f"Authorization: {token}", *more, "", ""]
    return "\r\n".join(lines).encode()


async def read_answer(reader: StreamReader) -> tuple[bytes, bytes]:
    """Return the head and the body of an answer with a Content-Length."""
    head = await reader.readuntil(b"\r\n\r\n")
    (length,) = (line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
    return head, await reader.readexactly(int(length.partition(b":")[2]))
