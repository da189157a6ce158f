"""Plays one drill: users come, something fails under them, all is well again, and what they recorded is judged."""

import asyncio
import random
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from tests.chaos.checks.answers import excused
from tests.chaos.clients.crowd import Crowd
from tests.chaos.disks import Disk
from tests.chaos.drills.table import Drill
from tests.chaos.gateway_logs import valkey_outages
from tests.chaos.history import Found
from tests.chaos.scene import Scene
from tests.replicated.stack import ReplicatedStack
from tests.waiting import eventually

_CALM = 1.5  # seconds of load before the fault
_PATIENCE = 40.0  # seconds, for users to get on


@dataclass(frozen=True, slots=True)
class Result:
    """`failed` requests, and how many of them the fault excuses; times in seconds."""

    drill: Drill
    requests: int
    failed: int
    excused: int
    unavailable: tuple[float, str]
    recovery: float
    violations: Sequence[str]
    notes: Sequence[str] = field(default_factory=list)


async def play(drill: Drill, stack: ReplicatedStack, disks: Mapping[str, Disk], dice: random.Random) -> Result:
    crowd = Crowd(stack, f"{drill.name.lower()}-{dice.getrandbits(32):08x}", dice)
    async with AsyncExitStack() as exits:
        exits.push_async_callback(crowd.leave)
        scene = Scene(stack, crowd.history, random.Random(dice.random()), exits, disks)
        await crowd.gather()
        async with asyncio.TaskGroup() as group:
            users = group.create_task(crowd.run())
            await scene.load(_CALM)
            await _progress(crowd)
            await drill.play(scene)
            await _progress(crowd)
            crowd.stop.set()
            async with asyncio.timeout(_PATIENCE):
                await users
        found = await crowd.look()
        outages = await asyncio.to_thread(valkey_outages, stack.of("gateway"))
        scene.counts_lost += [outage for outage in outages if outage.until > scene.began]
        return _result(drill, scene, found)


async def _progress(crowd: Crowd) -> None:
    """Wait until every kind of request, of those that users make, was answered well once more."""
    exchanges = crowd.history.exchanges
    begun, wanted = len(exchanges), {each.kind for each in exchanges} - {"other"}

    async def done() -> bool:
        return wanted <= {each.kind for each in exchanges[begun:] if not each.failed}

    await eventually(done, within=_PATIENCE)


def _result(drill: Drill, scene: Scene, found: Found) -> Result:
    exchanges = scene.history.exchanges
    return Result(
        drill=drill,
        requests=len(exchanges),
        failed=sum(exchange.failed for exchange in exchanges),
        excused=excused(exchanges, scene.excuses),
        unavailable=scene.longest,
        recovery=scene.recovery,
        violations=scene.violations(found),
        notes=scene.notes,
    )
