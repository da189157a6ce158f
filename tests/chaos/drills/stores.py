"""PostgreSQL and Valkey killed, held still, and emptied."""

import asyncio
import statistics
import time
from math import inf

import aiohttp

from tests.chaos.checks.answers import too_slow
from tests.chaos.checks.limits import CountsLost
from tests.chaos.checks.sessions import Deaf
from tests.chaos.clients.caller import PAGES
from tests.chaos.gateway_logs import valkey_outages
from tests.chaos.scene import Scene
from tests.waiting import eventually

_POSTGRES_BACK, _VALKEY_BACK = 5.0, 1.0  # seconds in which all is ready after their return
_READY = 5.0  # seconds: nobody's readiness depends on it
_AWAY = 4.0  # seconds
_BUDGET = 5.0  # seconds that a statement may take: DATABASE_TIMEOUT
_SLACK = 2.5  # seconds, on a busy machine
_ADDED = 0.05  # seconds that a Valkey which hangs may cost


async def kill_postgres(scene: Scene) -> None:
    """R5: 503 and not 500, nothing acknowledged lost, ready without a restart."""
    since = time.monotonic()
    await scene.stack.postgres.kill()
    await scene.load(_AWAY)
    await scene.stack.postgres.serve()
    await _postgres_returned(scene, since)


async def hold_postgres(scene: Scene) -> None:
    """R6: every wait ends within its budget, and what needs no database goes on."""
    since = time.monotonic()
    scene.stack.postgres.hold()
    await scene.load(2 * _BUDGET)
    scene.stack.postgres.go_on()
    await _postgres_returned(scene, since)
    held = scene.during(since, scene.over)
    scene.findings += too_slow(held, _BUDGET + _SLACK)
    scene.demand(not any(each.failed for each in held if each.kind in PAGES), "pages failed that need no database")


async def _postgres_returned(scene: Scene, since: float) -> None:
    scene.over = time.monotonic()
    await scene.recovered(_POSTGRES_BACK)
    scene.excuse(since, scene.over + _POSTGRES_BACK)
    scene.deaf.append(Deaf(since, scene.over + _POSTGRES_BACK))


async def kill_valkey(scene: Scene) -> None:
    """R7: limits are counted in memory, strict ones strictly, and no request fails."""
    since = time.monotonic()
    await scene.stack.valkey.kill()
    await scene.load(_AWAY)
    await scene.stack.valkey.serve()
    await _valkey_returned(scene, since)


async def hold_valkey(scene: Scene) -> None:
    """R8: a hanging one costs a request 50 ms at most, and after a few nobody waits for it."""
    usual = await _page_seconds(scene, 1.0)
    since = time.monotonic()
    scene.stack.valkey.hold()
    held = await _page_seconds(scene, _AWAY)
    scene.stack.valkey.go_on()
    await _valkey_returned(scene, since)
    scene.notes.append(f"a page took {usual * 1000:.1f} ms, and {held * 1000:.1f} ms while Valkey hung (medians)")
    scene.demand(held <= usual + _ADDED, f"a page took {held:.3f} s instead of {usual:.3f} while Valkey hung")


async def flush_valkey(scene: Scene) -> None:
    """R9: what it forgets are counts; no revoked token is let in again."""
    for _ in range(5):
        since = time.monotonic()
        await scene.stack.valkey.flush()
        scene.counts_lost.append(CountsLost(since, time.monotonic()))
        await scene.load(1.0)
    scene.over = time.monotonic()
    await scene.recovered(_READY)


async def _valkey_returned(scene: Scene, since: float) -> None:
    """Wait until all gateways count there again; when that was, their logs tell."""
    scene.over = time.monotonic()
    scene.counts_lost.append(CountsLost(since, scene.over))
    gateways = scene.stack.of("gateway")

    async def counted_there() -> bool:
        return all(outage.until < inf for outage in await asyncio.to_thread(valkey_outages, gateways))

    await eventually(counted_there)
    await scene.recovered(_READY)
    outages = await asyncio.to_thread(valkey_outages, gateways)
    noticed = [outage.until - scene.over for outage in outages if since <= outage.since <= scene.over]
    scene.demand(bool(noticed), "no gateway noticed that Valkey was away")
    took = max(noticed, default=0.0)
    scene.demand(took <= _VALKEY_BACK, f"limits were counted in Valkey again after {took:.1f} s")
    scene.recovery = took


async def _page_seconds(scene: Scene, seconds: float) -> float:
    """Return the median time for a page whose limit is counted in Valkey."""
    took: list[float] = []
    until = time.monotonic() + seconds
    async with aiohttp.ClientSession() as client:
        while time.monotonic() < until:
            sent = time.monotonic()
            async with client.get(f"{scene.stack.url}/", allow_redirects=False) as answer:
                scene.demand(answer.status == 200, f"the first page: {answer.status}")
            took.append(time.monotonic() - sent)
            await asyncio.sleep(0.02)
    return statistics.median(took)
