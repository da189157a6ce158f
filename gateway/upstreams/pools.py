"""The pools of all upstreams, which come and go with the route file."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from weakref import WeakSet

from gateway.upstreams.discovery import LOOKUP_INTERVAL, Lookup, SystemLookup
from gateway.upstreams.instance import PoolLimits
from gateway.upstreams.pool import Pool
from shared.lifecycle import background

SWEEP_INTERVAL = 0.25  # seconds; how late a time-out may be noticed

_Key = tuple[str, str, PoolLimits]  # name, URLs, limits


class Pools:
    """Retired pools live on, with their time-outs, for as long as a request that began before still holds them."""

    def __init__(self, limits: PoolLimits, lookup: Lookup) -> None:
        self._limits = limits
        self._lookup = lookup
        self._open: dict[_Key, Pool] = {}
        self._all: WeakSet[Pool] = WeakSet()
        self._changed = asyncio.Event()

    def change(self, urls: Mapping[str, str], own: Mapping[str, PoolLimits] | None = None) -> Mapping[str, Pool]:
        """Return a pool per upstream, by name; `urls` are the base URLs of its instances, with commas, http only.

        `own` are the limits of upstreams that have some of their own. One that keeps its URLs and limits keeps its
        pool; a pool that isn't among them any more is retired, and before there is a successor: both may name the same
        instance in the metrics. New names are looked up at once, but until they have been, their upstream is
        unavailable.
        """
        keys = [(name, places, (own or {}).get(name, self._limits)) for name, places in urls.items()]
        for key in self._open.keys() - set(keys):
            self._open.pop(key).retire()
        self._open = {key: self._open.get(key) or self._new(*key) for key in keys}
        self._changed.set()
        return {name: pool for (name, _, _), pool in self._open.items()}

    async def discover(self) -> None:
        """Look the names of all upstreams up, once; return when it is time to do it again."""
        self._changed.clear()
        await asyncio.gather(*(pool.discover() for pool in self._open.values() if pool.discovery.has_names))
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOKUP_INTERVAL):
                await self._changed.wait()

    def sweep(self) -> None:
        for pool in tuple(self._all):
            pool.sweep()

    def close(self) -> None:
        for pool in tuple(self._all):
            pool.close()

    def _new(self, name: str, urls: str, limits: PoolLimits) -> Pool:
        pool = Pool(name, urls.split(","), limits, self._lookup)
        self._all.add(pool)
        return pool


@asynccontextmanager
async def open_pools(limits: PoolLimits, lookup: Lookup | None = None) -> AsyncIterator[Pools]:
    """Yield pools that are swept, and whose names are looked up, until they are closed at the end."""
    system = SystemLookup()
    pools = Pools(limits, lookup or system)

    async def sweep() -> None:
        pools.sweep()

    try:
        async with (
            background("sweep upstream connections", sweep, every=SWEEP_INTERVAL),
            background("look up upstreams", pools.discover, every=0.0),
        ):
            yield pools
    finally:
        system.close()
        pools.close()
