"""The cache's way to Valkey, and the breaker in it: after a failure it is left alone until a probe says it is back."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from gateway.cache.cluster_connection import CacheClusterConnection
from gateway.cache.connection import AWAY, CacheConnection, Command, Commands, Within
from gateway.cache.metrics import CACHE_UP
from gateway.valkey.place import is_cluster, read_cluster_url
from shared.logs import log

_PROBE_PAUSE = 0.5  # seconds
_MOST_OWED = 10_000  # keys
_OWED_AT_ONCE = 100


_Connection = CacheConnection | CacheClusterConnection


class Link:
    """One connection to read by and one to write by. `is_lost` says whether others know already that Valkey is away."""

    def __init__(self, url: str, within: Within, is_lost: Callable[[], bool]) -> None:
        self._reading, self._writing = _connection(url, within), _connection(url, within)
        self._lock = asyncio.Lock()
        self._is_lost = is_lost
        self._prober: asyncio.Task[None] | None = None
        self._owed: dict[str, None] = {}

    def is_away(self) -> bool:
        """Whether there is no point in asking; what others have just found out is taken over."""
        if self._prober is None and self._is_lost():
            self._open_breaker("limits have found it away")
        return self._prober is not None

    async def aclose(self) -> None:
        if self._prober is not None:
            self._prober.cancel()
            await asyncio.gather(self._prober, return_exceptions=True)
        with suppress(*AWAY):
            await asyncio.gather(self._reading.aclose(), self._writing.aclose())

    async def read(self, commands: Commands) -> list[Any] | None:
        """Return all answers, or None while Valkey is away. Not to be called again before it is done."""
        return await self._ask(self._reading, commands)

    async def write(self, commands: Commands) -> list[Any] | None:
        async with self._lock:
            return await self._ask(self._writing, commands)

    async def remove(self, keys: Iterable[str]) -> None:
        """Remove keys; those that can't be now are removed before anything else is asked again."""
        commands: list[Command] = [("UNLINK", key) for key in keys]
        if commands and await self.write(commands) is None:
            self._owed |= dict.fromkeys(str(key) for _, key in commands)
            while len(self._owed) > _MOST_OWED:
                del self._owed[next(iter(self._owed))]
            self._open_breaker("keys are still to be removed")

    async def _ask(self, connection: _Connection, commands: Commands) -> list[Any] | None:
        if self.is_away():
            return None
        try:
            answers = await connection.burst(commands)
        except AWAY as exc:
            self._open_breaker(repr(exc))
            return None
        CACHE_UP.set(1)
        return answers

    def _open_breaker(self, reason: str) -> None:
        if self._prober is None:
            CACHE_UP.set(0)
            log.warning("cache_lost", reason=reason)
            self._prober = asyncio.create_task(self._probe_until_back())

    async def _probe_until_back(self) -> None:
        while True:
            if await self._is_back():
                break
            await asyncio.sleep(_PROBE_PAUSE)
        self._prober = None
        CACHE_UP.set(1)
        log.info("cache_returned")

    async def _is_back(self) -> bool:
        """Whether Valkey answers, and all is removed that had to be."""
        async with self._lock:
            try:
                await self._writing.burst([("PING",)])
                while owed := list(self._owed)[:_OWED_AT_ONCE]:
                    await self._writing.burst([("UNLINK", key) for key in owed])
                    for key in owed:
                        del self._owed[key]
            except AWAY:
                return False
        return True


def _connection(url: str, within: Within) -> _Connection:
    return CacheClusterConnection(read_cluster_url(url), within) if is_cluster(url) else CacheConnection(url, within)
