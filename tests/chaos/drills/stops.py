"""R2: what a program does that is told to stop."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator

import aiohttp

from tests.chaos.checks.answers import GATEWAY_CUT
from tests.chaos.clients.caller import Caller
from tests.chaos.gateway_metrics import metric
from tests.chaos.scene import Scene
from tests.replicated.replica import Replica, probe
from tests.waiting import eventually

_PIECES, _PAUSE = 12, 0.2  # of a slow upload: together longer than the drain delay
_AT_ONCE = 1.0  # seconds
_BACK = 5.0  # seconds


async def stop_politely(scene: Scene) -> None:
    """R2: not ready at once, answering through its drain, finishing what it has begun; and a second signal ends it."""
    caller = await scene.person("slow")
    for program in ("gateway", "file_service"):
        replica = scene.stack.replica(program, 2)
        await _stop_once(scene, caller, replica)
        await replica.serve()
        await _stop_twice(scene, replica)
        await replica.serve()
    scene.over = time.monotonic()
    await scene.recovered(_BACK)


async def _stop_once(scene: Scene, caller: Caller, replica: Replica) -> None:
    uploads = [asyncio.create_task(_upload_slowly(caller)) for _ in range(4)]

    async def is_the_replicas() -> bool:
        return await metric(replica, "http_requests_in_flight") > 0

    await eventually(is_the_replicas)  # one of them at least: fifteen more users are at work, who hold nothing for long
    replica.send(signal.SIGTERM)
    until = time.monotonic() + _AT_ONCE
    while (ready := await probe(replica.private_port)) and time.monotonic() < until:
        pass
    scene.demand(not ready, f"{replica.name} was ready a second after it was told to stop")
    if replica.program == "gateway":
        scene.demand(await _says_close(replica), f"{replica.name} takes nothing new while it drains")
    statuses = await asyncio.gather(*uploads)
    scene.demand(statuses == [201] * len(uploads), f"slow uploads through a stop of {replica.name}: {statuses}")
    scene.demand(await replica.end_by_itself() == 0, f"{replica.name} ended with status {replica.status}")


async def _upload_slowly(caller: Caller) -> int:
    reply = await caller.attempt("POST", "/v1/files", params={"name": "slow"}, data=_pieces(), expected=(201,))
    return 0 if reply is None else reply.status


async def _pieces() -> AsyncIterator[bytes]:
    for _ in range(_PIECES):
        yield b"x" * 100
        await asyncio.sleep(_PAUSE)


async def _says_close(replica: Replica) -> bool:
    """Whether it answers a new connection, and says that this was the last."""
    try:
        async with aiohttp.ClientSession() as client, client.get(f"{replica.url}/", allow_redirects=False) as answer:
            return answer.status == 200 and answer.headers.get("Connection", "").lower() == "close"
    except aiohttp.ClientError:
        return False


async def _stop_twice(scene: Scene, replica: Replica) -> None:
    replica.send(signal.SIGTERM)

    async def heard() -> bool:
        return not await probe(replica.private_port)

    await eventually(heard)
    moment = time.monotonic()
    status = await replica.end(signal.SIGTERM)
    took = time.monotonic() - moment
    scene.cut(moment, GATEWAY_CUT)
    scene.demand(took < _AT_ONCE and status == -signal.SIGTERM, f"the second signal took {took:.1f} s: {status}")
