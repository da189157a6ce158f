"""Asks every replica again and again whether it is ready, as an orchestrator does, and remembers when that changed."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.replicated.replica import Replica

_EVERY = 0.2  # seconds


@dataclass
class Watch:
    """`changes` are moments (of time.monotonic), names, and whether it was ready from then on."""

    replicas: Sequence[Replica]
    changes: list[tuple[float, str, bool]] = field(default_factory=list)
    _ready: dict[str, bool] = field(default_factory=dict)

    def is_ready(self, name: str) -> bool:
        return self._ready.get(name, False)

    @property
    def all_ready(self) -> bool:
        return all(self.is_ready(replica.name) for replica in self.replicas)

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(self._follow(replica)) for replica in self.replicas]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _follow(self, replica: Replica) -> None:
        while True:
            is_ready = replica.alive and await replica.ready()
            if is_ready != self.is_ready(replica.name):
                self._ready[replica.name] = is_ready
                self.changes.append((time.monotonic(), replica.name, is_ready))
            await asyncio.sleep(_EVERY)
