"""Where requests go at this moment: a right route file takes effect whole, and between requests; a wrong one never."""

import asyncio
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from prometheus_client import Counter

from gateway.limits.policy import LimitClass, parse_policy
from gateway.routes.file import RouteFile
from gateway.routes.match import RouteTable
from gateway.routes.model import RoutesError, UpstreamSettings
from gateway.upstreams.instance import PoolLimits
from gateway.upstreams.pool import Pool
from gateway.upstreams.pools import Pools
from shared.lifecycle import background
from shared.logs import log

_POLL_SECONDS = 1.0
_RELOADS = Counter("gateway_routes_reloads", "Attempts to take over a changed route file.", ("outcome",))
_ACCEPTED, _REFUSED = _RELOADS.labels("accepted"), _RELOADS.labels("refused")


@dataclass(frozen=True, slots=True)
class Routing:
    """What one route file means. A request keeps to its end the one that it began with."""

    table: RouteTable
    limits: Mapping[str, LimitClass]
    pools: Mapping[str, Pool]


class LiveRouting:
    """`current` is replaced as a whole, and only by what was checked whole."""

    def __init__(self, file: RouteFile, pools: Pools) -> None:
        self._file = file
        self._pools = pools
        self._asked = asyncio.Event()
        self.current = self._routing(file.table)

    def ask(self) -> None:
        """Have the file read anew, whether or not it looks changed."""
        self._asked.set()

    async def follow(self) -> None:
        """Reload whenever it is asked for, or the file has changed."""
        while True:
            if await self._is_asked() or self._file.has_changed():
                await self._reload()

    async def _is_asked(self) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(_POLL_SECONDS):
                await self._asked.wait()
        asked = self._asked.is_set()
        self._asked.clear()
        return asked

    async def _reload(self) -> None:
        try:
            table = await asyncio.to_thread(self._file.reload)
        except RoutesError as exc:
            _REFUSED.inc()
            log.error("routes_refused", mistakes=str(exc).splitlines())
            return
        self.current = self._routing(table)
        _ACCEPTED.inc()
        log.info("routes_reloaded", routes=len(table.routes), upstreams=sorted(table.upstreams))

    def _routing(self, table: RouteTable) -> Routing:
        limits = {
            each.name: LimitClass(each.name, parse_policy(each.policy), each.key, each.strict, each.dry_run)
            for each in table.limits.values()
        }
        own = {name: _pool_limits(settings) for name, settings in table.upstream_settings.items()}
        return Routing(table, limits, self._pools.change(table.upstreams, own))


def _pool_limits(settings: UpstreamSettings) -> PoolLimits:
    return PoolLimits(
        connections=settings.max_in_flight,
        idle=settings.keep_alive,
        connect=settings.connect_timeout,
        queue=settings.queue,
        queue_seconds=settings.queue_timeout,
    )


@asynccontextmanager
async def follow_routes(file: RouteFile, pools: Pools) -> AsyncIterator[LiveRouting]:
    """Yield the routing that follows the file, at once on SIGHUP and else within two seconds."""
    routing = LiveRouting(file, pools)
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGHUP, routing.ask)
    try:
        async with background("follow the route file", routing.follow):
            yield routing
    finally:
        loop.remove_signal_handler(signal.SIGHUP)
