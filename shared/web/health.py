"""The private port: is it alive, can it serve, what does it measure."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

from shared.lifecycle import Lifecycle
from shared.logs import log
from shared.metrics import READINESS, exposition

Check = Callable[[], Awaitable[None]]  # raises when what it looks at is not ready
OPEN_PATHS = frozenset({"/livez", "/readyz", "/metrics"})
_PATIENCE = 2.0  # seconds for one check
_WELL = "ok"


def health_routes(checks: Mapping[str, Check], lifecycle: Lifecycle) -> list[web.RouteDef]:
    """Return /livez, /readyz (200, or 503 naming what is not ready) and /metrics."""
    changes = _Changes()

    async def readyz(_request: web.Request) -> web.Response:
        results = dict(zip(checks, await asyncio.gather(*map(_run, checks.values())), strict=True))
        changes.tell(results)
        if lifecycle.stopping:
            results["process"] = "stopping"
        for check, result in results.items():
            READINESS.labels(check).set(result == _WELL)
        ready = all(result == _WELL for result in results.values())
        return web.json_response({"ready": ready, "checks": results}, status=200 if ready else 503)

    return [web.get("/livez", _livez), web.get("/readyz", readyz), web.get("/metrics", _metrics)]


class _Changes:
    """Logs what has begun to fail, and why, and what is well again: probes ask all the time.

    Before all was well once, that is how a start goes; later it is a warning.
    """

    def __init__(self) -> None:
        self._failing: set[str] = set()
        self._has_been_well = False

    def tell(self, results: Mapping[str, str]) -> None:
        for check, result in results.items():
            if result != _WELL and check not in self._failing:
                self._failing.add(check)
                write = log.warning if self._has_been_well else log.info
                write("check_failed", **{"colonnade.check": check, "error.message": result})
            elif result == _WELL and check in self._failing:
                self._failing.remove(check)
                log.info("check_passes_again", **{"colonnade.check": check})
        self._has_been_well |= not self._failing


async def _livez(_request: web.Request) -> web.Response:
    return web.json_response({"alive": True})


async def _metrics(request: web.Request) -> web.Response:
    body, content_type = exposition(request.headers.get("Accept", ""))
    return web.Response(body=body, headers={"Content-Type": content_type})


async def _run(check: Check) -> str:
    try:
        async with asyncio.timeout(_PATIENCE):
            await check()
    except TimeoutError:
        return f"no answer within {_PATIENCE:g} s"
    except Exception as exc:  # noqa: BLE001  whatever it is, it is why the program isn't ready
        told = str(exc) or type(exc).__name__
        return f"{told} ({exc.__cause__!r})" if exc.__cause__ is not None else told
    return _WELL
