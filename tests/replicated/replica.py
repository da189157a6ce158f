"""One of several processes of a program, from any source tree and with an environment of its own."""

import asyncio
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.replicated.process import Process
from tests.stores import ROOT
from tests.waiting import eventually

HOST = "127.0.0.1"
_PROBE_SECONDS = 1.0
_START_SECONDS = 90.0  # on a crowded machine


@dataclass(frozen=True, slots=True)
class Source:
    """Which release a process runs: a tree of the repository, and an interpreter that has what it needs."""

    tree: Path = ROOT
    python: str = sys.executable


@dataclass
class Replica(Process):
    program: str = ""
    port: int = 0
    private_port: int = 0
    source: Source = field(default_factory=Source)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def private_url(self) -> str:
        return f"http://{HOST}:{self.private_port}"

    def use(self, source: Source, environ: Mapping[str, str] | None = None) -> None:
        """From its next start on, run that release, with these variables set too."""
        self.source = source
        self.command = [source.python, "-m", self.program]
        self.folder = source.tree
        self.environ = {**self.environ, **(environ or {})}

    async def ready(self) -> bool:
        """Whether it says so now, within a second."""
        return await probe(self.private_port)

    async def serve(self) -> None:
        """Start it, and return when it is ready."""
        self.start()
        await eventually(self._ready_or_ended, within=_START_SECONDS)
        assert self.alive, (
            f"{self.name} ended with status {self.status}: {self.log.read_text(errors='replace')[-2000:]}"
        )

    async def _ready_or_ended(self) -> bool:
        return not self.alive or await self.ready()

    async def restart(self) -> None:
        """As an operator does: SIGTERM, wait for the exit, start, wait until it is ready."""
        await self.end()
        await self.serve()


async def probe(private_port: int) -> bool:
    """Tell whether the program with that private port is ready."""
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(_PROBE_SECONDS):
            reader, writer = await asyncio.open_connection(HOST, private_port)
            try:
                writer.write(b"GET /readyz HTTP/1.1\r\nHost: probe\r\nConnection: close\r\n\r\n")
                return (await reader.read(12)).endswith(b" 200")
            finally:
                writer.close()
    return False
