"""What the gateway holds: memory, descriptors, tasks, connections. From /proc, and from its own metrics."""

import asyncio
import os
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import aiohttp

_MEGABYTE = 1024 * 1024
_PAGE = os.sysconf("SC_PAGE_SIZE")
_INTERVAL = 0.5  # seconds


@dataclass(frozen=True, slots=True)
class Vitals:
    rss: float  # MB
    descriptors: int
    tasks: int
    clients: int
    exchanges: int
    streams: int


class Watch:
    """`memory` has the RSS in MB, every half a second."""

    def __init__(self, pid: int, private_port: int) -> None:
        self._pid = pid
        self._url = f"http://127.0.0.1:{private_port}/metrics"
        self.memory: list[float] = []

    def rss(self) -> float:
        return int(Path(f"/proc/{self._pid}/statm").read_text().split()[1]) * _PAGE / _MEGABYTE

    def _descriptors(self) -> int:
        return len(list(Path(f"/proc/{self._pid}/fd").iterdir()))

    async def go_on(self, ended: asyncio.Event) -> None:
        while not ended.is_set():
            self.memory.append(self.rss())
            await asyncio.sleep(_INTERVAL)

    async def look(self) -> Vitals:
        descriptors = self._descriptors()
        async with aiohttp.ClientSession() as client, client.get(self._url) as answer:
            lines = [line for line in (await answer.text()).splitlines() if not line.startswith("#")]

        def total(name: str) -> int:
            return int(
                sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith((name + " ", name + "{")))
            )

        return Vitals(
            self.rss(),
            descriptors,
            total("event_loop_tasks"),
            total("gateway_client_connections"),
            total("gateway_upstream_in_flight"),
            total("gateway_streams_open"),
        )

    def growth(self) -> tuple[float, float]:
        """Return the RSS after the warm-up, a third of the time, and at the end: medians, as it goes up and down."""
        steady = self.memory[len(self.memory) // 3 :]
        tenth = max(1, len(steady) // 10)
        return median(steady[:tenth]), median(steady[-tenth:])
