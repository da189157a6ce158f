"""A gateway in a process of its own: what it needs of memory and time is then its own, and not the test's."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.integration.gateway.raw_service import RawTalk, raw_server
from tests.integration.gateway.test_program import process, up, variables

KIBIBYTE = 1024
PIECE = 262_144  # bytes that a side takes or gives at a time


@dataclass(frozen=True, slots=True)
class GatewayProcess:
    pid: int
    port: int

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """A client's connection, which is reset at the end."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            yield reader, writer
        finally:
            writer.transport.abort()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def raw(self, request: bytes) -> bytes:
        """Send bytes and return all that comes back until the gateway closes."""
        async with asyncio.timeout(60), self.connection() as (reader, writer):
            writer.write(request)
            return await reader.read()

    def peak(self) -> int:
        """The most bytes of memory that it held since `forget_peak`."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")) * KIBIBYTE

    def forget_peak(self) -> None:
        Path(f"/proc/{self.pid}/clear_refs").write_text("5")  # Linux: resets VmHWM

    def descriptors(self) -> int:
        return len(list(Path(f"/proc/{self.pid}/fd").iterdir()))


@asynccontextmanager
async def gateway_process(
    talk: RawTalk, folder: Path, valkey_url: str, **changes: str
) -> AsyncIterator[GatewayProcess]:
    """Run one whose services are all `talk`."""
    async with raw_server(talk) as url:
        environ = variables(folder, valkey_url, USER_URL=url, FILE_URL=url, **changes)
        async with process(environ) as running:
            saying = [asyncio.create_task(_drop(stream)) for stream in (running.stdout, running.stderr)]
            try:
                await up(environ)
                yield GatewayProcess(running.pid, int(environ["PORT"]))
            finally:
                running.kill()
                await asyncio.gather(*saying)


async def _drop(stream: asyncio.StreamReader | None) -> None:
    """Read its log away, as a full pipe would make it drop lines."""
    assert stream is not None
    while await stream.read(PIECE):
        pass
