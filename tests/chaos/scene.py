"""One drill as it is played: the stack, its users, what the fault excuses, and what the drill found out itself."""

import asyncio
import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from tests.chaos.checks.answers import CUT, UNAVAILABLE, Excuse, longest_unavailability, unexcused
from tests.chaos.checks.files import double_files, lost_files, wrong_quotas
from tests.chaos.checks.limits import CountsLost, wrong_limits
from tests.chaos.checks.registers import lost_writes
from tests.chaos.checks.sessions import Deaf, mistaken_logouts, revived, second_leaves
from tests.chaos.clients.caller import Caller
from tests.chaos.disks import Disk
from tests.chaos.history import Exchange, Found, History
from tests.replicated.stack import ReplicatedStack

_PATIENCE = 60.0  # seconds until all has to be ready, whatever happened
GATEWAYS = 2
_UNSEEN = 0.3  # seconds


@dataclass
class Scene:
    """`over` is when the fault ended, `recovery` how long it took from then until all was ready and nothing failed."""

    stack: ReplicatedStack
    history: History
    dice: random.Random
    exits: AsyncExitStack
    disks: Mapping[str, Disk] = field(default_factory=dict)
    excuses: list[Excuse] = field(default_factory=list)
    deaf: list[Deaf] = field(default_factory=list)
    counts_lost: list[CountsLost] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)
    over: float = 0.0
    recovery: float = 0.0

    def excuse(
        self, since: float, until: float, statuses: frozenset[int] = UNAVAILABLE, kinds: frozenset[str] = frozenset()
    ) -> None:
        self.excuses.append(Excuse(since, until, statuses, kinds))

    def cut(self, moment: float, statuses: frozenset[int] = CUT, kinds: frozenset[str] = frozenset()) -> None:
        """Excuse what was under way at that moment alone, or met a connection whose end hadn't been seen yet."""
        self.excuses.append(Excuse(moment, moment + _UNSEEN, statuses, kinds))

    async def person(self, name: str) -> Caller:
        """Register somebody of the drill's own, whose requests are recorded as everybody's."""
        caller = Caller.of(self.stack.url, self.history, asyncio.Event(), random.Random(self.dice.random()))
        await self.exits.enter_async_context(caller)
        await caller.enrol(f"{name}-{self.dice.getrandbits(32):08x}@example.org")
        return caller

    def demand(self, is_so: bool, what: str) -> None:  # noqa: FBT001  it reads as an assertion
        if not is_so:
            self.findings.append(what)

    async def load(self, seconds: float) -> None:
        """Let the users go on for so long, while the fault lasts."""
        await asyncio.sleep(seconds)

    async def recovered(self, within: float) -> None:
        """Wait until all replicas are ready, from `over` on; more than `within` seconds are a finding."""
        while not (self.stack.watch.all_ready and await self.stack.all_ready()):
            if time.monotonic() - self.over > _PATIENCE:
                self.findings.append("not all replicas got ready again")
                return
            await asyncio.sleep(0.02)
        self.recovery = time.monotonic() - self.over
        self.demand(self.recovery <= within, f"ready after {self.recovery:.1f} s instead of {within:g}")

    def during(self, since: float, until: float, of: Callable[[Exchange], bool] = lambda _: True) -> list[Exchange]:
        """Return the requests that were sent meanwhile."""
        return [each for each in self.history.exchanges if since <= each.sent <= until and of(each)]

    @property
    def longest(self) -> tuple[float, str]:
        return longest_unavailability(self.history.exchanges)

    def violations(self, found: Found) -> list[str]:
        """Return every promise that was broken, in words."""
        return list(self._violations(found))

    def _violations(self, found: Found) -> Iterator[str]:
        history = self.history
        yield from self.findings
        yield from history.wrongs
        yield from unexcused(history.exchanges, self.excuses)
        yield from lost_writes(history, found)
        yield from lost_files(history, found)
        yield from double_files(history, found)
        yield from wrong_quotas(history, found)
        yield from second_leaves(history, found)
        yield from mistaken_logouts(history, found)
        yield from revived(history, found, self.deaf)
        yield from wrong_limits(history, self.counts_lost, GATEWAYS)
