"""Programs restarted, told to stop, killed."""

import time

from tests.chaos.checks.answers import CUT, GATEWAY_CUT
from tests.chaos.checks.sessions import Deaf
from tests.chaos.clients.caller import AUTH
from tests.chaos.scene import Scene

_BACK = 5.0  # seconds from when all programs are started to when all is ready: it was waited for
_AWAY = 4.0  # seconds


async def restart_all(scene: Scene) -> None:
    """R1: each replica in turn, as the manual says, and not one request fails."""
    for replica in scene.stack.replicas:
        await replica.restart()
    scene.over = time.monotonic()
    await scene.recovered(_BACK)


async def kill_gateway(scene: Scene) -> None:
    """R3: only what was under way at that moment fails."""
    gateway = scene.dice.choice(scene.stack.of("gateway"))
    await _kill_and_return(scene, gateway.name, GATEWAY_CUT)


async def _kill_and_return(scene: Scene, name: str, statuses: frozenset[int]) -> None:
    replica = next(each for each in scene.stack.replicas if each.name == name)
    moment = time.monotonic()
    await replica.kill()
    scene.cut(moment, statuses)
    scene.cut(time.monotonic(), statuses)
    await scene.load(_AWAY / 2)
    await replica.serve()
    scene.over = time.monotonic()
    await scene.recovered(_BACK)


async def lose_auth_service(scene: Scene) -> None:
    """R4: who has a token goes on; signing in and refreshing wait for its return."""
    since = time.monotonic()
    for replica in scene.stack.of("auth_service"):
        await replica.kill()
    scene.cut(since, CUT, AUTH)
    await scene.load(_AWAY)
    for replica in scene.stack.of("auth_service"):
        await replica.serve()
    scene.over = time.monotonic()
    await scene.recovered(_BACK)
    scene.excuse(since, scene.over + 1.0, CUT, AUTH)
    scene.deaf.append(Deaf(since, scene.over + 2.5))  # gateways ask again every two seconds
