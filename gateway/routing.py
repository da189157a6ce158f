"""Where requests go at this moment: a right route file takes effect whole, and between requests; a wrong one never."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from prometheus_client import Counter, Gauge

from gateway.limits.policy import LimitClass, parse_policy
from gateway.routes.file import RouteFile
from gateway.routes.match import RouteTable
from gateway.routes.model import RoutesError, UpstreamSettings
from gateway.upstreams.instance import PoolLimits
from gateway.upstreams.pool import Pool
from gateway.upstreams.pools import Pools
from shared.lifecycle import background
from shared.logs import log
from shared.reload import Reload

_RELOADS = Counter("gateway_routes_reloads", "Attempts to take over a changed route file.", ("outcome",))
_IN_FORCE = Gauge("gateway_routes_in_force", "1 while the route file on disk is in force, 0 while that was refused.")
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
        self.reloading = Reload(file.has_changed, self._reload)
        self.current = self._routing(file.table)
        _IN_FORCE.set(1)

    async def _reload(self) -> None:
        try:
            table = await asyncio.to_thread(self._file.reload)
        except RoutesError as exc:
            _REFUSED.inc()
            _IN_FORCE.set(0)
            log.error("routes_refused", **{"error.message": str(exc)})
            return
        self.current = self._routing(table)
        _ACCEPTED.inc()
        _IN_FORCE.set(1)
        log.info("routes_reloaded", **{"colonnade.routes": len(table.routes)})

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
    """Yield the routing that follows the file, within two seconds or when its `reloading` is asked."""
    routing = LiveRouting(file, pools)
    async with background("follow the route file", routing.reloading.follow):
        yield routing
