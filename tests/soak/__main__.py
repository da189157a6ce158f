"""`python -m tests.soak`: the gateway under everything at once for MINUTES (30), and then a look at what is left.

It fails where an answer went to another request, where an answer was not one of those that a failing service excuses,
or where the gateway kept a connection, a task, a descriptor or memory, or logged an error. SEED repeats the dice.
"""

import asyncio
import os
import random
import signal
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import uvloop

from tests.soak.faults import Faults
from tests.soak.ledger import Ledger
from tests.soak.sockets import SocketVisitor
from tests.soak.verdict import Findings, report
from tests.soak.visits import Visitor
from tests.soak.vitals import Vitals, Watch
from tests.soak.world import World, running_world

VISITORS, SOCKETS = 48, 4
_TOKENS = 128
_TOKEN_LIFE = 240.0  # seconds; an access token lives for 600
_WARM_UP = 3.0  # seconds of traffic before the gateway is looked at: what is loaded on first use isn't a leak
_SETTLED = 60.0  # seconds in which idle connections to services close


class Tokens:
    """Signed-in people: each has a token, and gets a new one before it ends."""

    def __init__(self, world: World, dice: random.Random) -> None:
        self._world = world
        self._dice = dice
        self._made = -_TOKEN_LIFE
        self._tokens: list[str] = []

    def __call__(self) -> str:
        now = asyncio.get_running_loop().time()
        if now > self._made + _TOKEN_LIFE:
            self._made = now
            people = (f"{number:08x}-0000-4000-8000-000000000000" for number in range(_TOKENS))
            self._tokens = [self._world.issuer.token(sub=person, sid=person) for person in people]
        return self._dice.choice(self._tokens)


async def traffic(world: World, ledger: Ledger, dice: random.Random, seconds: float) -> None:
    """Let everybody come for so long, and return when all have left."""
    ended = asyncio.Event()
    tokens = Tokens(world, random.Random(dice.random()))
    async with asyncio.TaskGroup() as group:
        for _ in range(VISITORS):
            group.create_task(Visitor(world.port, random.Random(dice.random()), tokens, ledger).live(ended))
        for _ in range(SOCKETS):
            group.create_task(SocketVisitor(world.port, random.Random(dice.random()), tokens, ledger).live(ended))
        await asyncio.sleep(seconds)
        ended.set()


async def settled(watch: Watch, before: Vitals) -> Vitals:
    """Return the vitals when nothing is held any more, or what still is after a minute."""
    deadline = asyncio.get_running_loop().time() + _SETTLED
    while True:
        now = await watch.look()
        is_idle = not (now.clients or now.exchanges or now.streams)
        is_back = now.descriptors <= before.descriptors and now.tasks <= before.tasks
        if (is_idle and is_back) or asyncio.get_running_loop().time() > deadline:
            return now
        await asyncio.sleep(0.5)


async def soak(folder: Path, seconds: float, seed: int) -> bool:
    dice, ledger = random.Random(seed), Ledger()
    async with running_world(folder) as world:
        watch, faults = Watch(world.gateway.pid, world.private_port), Faults(world, random.Random(dice.random()))
        before = await watch.look()
        await traffic(world, Ledger(), dice, _WARM_UP)
        ended = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(faults.go_on(ended))
            group.create_task(watch.go_on(ended))
            await traffic(world, ledger, dice, seconds)
            ended.set()
        after = await settled(watch, before)
        world.gateway.send_signal(signal.SIGTERM)
        with suppress(TimeoutError):
            async with asyncio.timeout(20):
                await world.gateway.wait()
        findings = Findings(ledger, faults.done, world.log, watch.growth(), before, after, world.gateway.returncode)
        return report(findings, seconds)


def main() -> int:
    seconds = float(os.environ.get("MINUTES", "30")) * 60
    seed = int(os.environ.get("SEED") or random.SystemRandom().getrandbits(32))
    print(f"soak: {seconds:.0f} s, SEED={seed}", flush=True)
    with (
        tempfile.TemporaryDirectory(prefix="colonnade-soak-") as folder,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        return 0 if runner.run(soak(Path(folder), seconds, seed)) else 1


if __name__ == "__main__":
    sys.exit(main())
