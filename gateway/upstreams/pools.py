"""The pools of all upstreams, which come and go with the route file."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from urllib.parse import urlsplit
from weakref import WeakSet

from gateway.upstreams.pool import Pool, PoolLimits
from shared.lifecycle import background

SWEEP_INTERVAL = 0.25  # seconds; how late a time-out may be noticed


class Pools:
    """Retired pools live on, with their time-outs, for as long as a request that began before still holds them."""

    def __init__(self, limits: PoolLimits) -> None:
        self._limits = limits
        self._open: dict[tuple[str, str], Pool] = {}
        self._all: WeakSet[Pool] = WeakSet()

    def change(self, urls: Mapping[str, str]) -> Mapping[str, Pool]:
        """Return a pool per upstream, by name; `urls` are their base URLs, http only.

        An upstream that keeps its URL keeps its pool; a pool that isn't among them any more is retired.
        """
        wanted = {key: self._open.get(key) or self._new(key[1]) for key in urls.items()}
        for key, pool in self._open.items():
            if key not in wanted:
                pool.retire()
        self._open = wanted
        return {name: pool for (name, _), pool in wanted.items()}

    def sweep(self) -> None:
        for pool in tuple(self._all):
            pool.sweep()

    def close(self) -> None:
        for pool in tuple(self._all):
            pool.close()

    def _new(self, url: str) -> Pool:
        parts = urlsplit(url)
        pool = Pool(parts.hostname or "", parts.port or 80, self._limits)
        self._all.add(pool)
        return pool


@asynccontextmanager
async def open_pools(limits: PoolLimits) -> AsyncIterator[Pools]:
    """Yield pools that are swept until they are closed at the end."""
    pools = Pools(limits)

    async def sweep() -> None:
        pools.sweep()

    try:
        async with background("sweep upstream connections", sweep, every=SWEEP_INTERVAL):
            yield pools
    finally:
        pools.close()
