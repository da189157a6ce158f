"""A connection to Valkey for the cache alone: bodies on their way must never hold limits up."""

import importlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol

Command = tuple[bytes | str | int, ...]
Commands = Sequence[Command]
Within = Callable[[Awaitable[Any]], Awaitable[Any]]  # bounds a wait: raises TimeoutError

AWAY = (OSError, TimeoutError)


class _Connection(Protocol):
    async def burst(self, commands: Commands) -> list[Any]: ...
    async def aclose(self) -> None: ...


class CacheConnection:
    """Connects when it is first used, and again after each failure. `within` bounds the wait for each answer.

    redis-py is only imported then: it takes 7 MB, and many a gateway caches nothing for long.
    """

    def __init__(self, url: str, within: Within) -> None:
        self._url = url
        self._within = within
        self._connection: _Connection | None = None

    async def burst(self, commands: Commands) -> list[Any]:
        """Return all answers in order; fails with one of AWAY. One at a time: nobody may ask before it is done."""
        if self._connection is None:
            module = importlib.import_module("gateway.cache.redis_connection")
            self._connection = module.RedisConnection(self._url, self._within)
        return await self._connection.burst(commands)

    async def aclose(self) -> None:
        if self._connection is not None:
            await self._connection.aclose()
