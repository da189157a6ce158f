"""What goes wrong meanwhile, one thing after the other: instances, Valkey, and route files."""

import asyncio
import random
import signal
from collections import Counter
from collections.abc import Awaitable, Callable

from tests.soak.world import Instance, World, routes

_PAUSE = 3.0  # seconds between faults, on average
_LONGEST_STALL = 2.0  # seconds


class Faults:
    """`done` counts them by name. All is well again when `go_on` has returned."""

    def __init__(self, world: World, dice: random.Random) -> None:
        self._world = world
        self._dice = dice
        self.done: Counter[str] = Counter()

    async def go_on(self, ended: asyncio.Event) -> None:
        kinds: dict[str, Callable[[], Awaitable[None]]] = {
            "instance restarted": self._restart,
            "instance killed": self._kill,
            "instance stalled": self._stall,
            "connections reset": self._reset,
            "routes reloaded": self._reload,
            "bad routes": self._spoil_routes,
            "valkey restarted": self._restart_valkey,
        }
        while not ended.is_set():
            await asyncio.sleep(self._dice.random() * 2 * _PAUSE)
            name = self._dice.choice(list(kinds))
            await kinds[name]()
            self.done[name] += 1
        self._world.write_routes(routes())

    def _any(self) -> Instance:
        return self._dice.choice(self._world.instances)

    async def _restart(self) -> None:
        instance = self._any()
        await instance.end(signal.SIGTERM)
        await instance.start()

    async def _kill(self) -> None:
        instance = self._any()
        await instance.end(signal.SIGKILL)
        await asyncio.sleep(self._dice.random())
        await instance.start()

    async def _stall(self) -> None:
        instance = self._any()
        instance.tell(signal.SIGSTOP)
        try:
            await asyncio.sleep(self._dice.random() * _LONGEST_STALL)
        finally:
            instance.tell(signal.SIGCONT)

    async def _reset(self) -> None:
        self._any().tell(signal.SIGUSR1)

    async def _reload(self) -> None:
        self._world.write_routes(routes(f"\n# {self._dice.random()}\n"))
        self._world.gateway.send_signal(signal.SIGHUP)

    async def _spoil_routes(self) -> None:
        self._world.write_routes("what = 1\n" + routes())
        self._world.gateway.send_signal(signal.SIGHUP)
        await asyncio.sleep(self._dice.random())
        await self._reload()

    async def _restart_valkey(self) -> None:
        valkey = self._world.valkey
        await asyncio.to_thread(valkey.kill)
        await asyncio.sleep(self._dice.random())
        await asyncio.to_thread(valkey.start)
