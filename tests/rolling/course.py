"""The phases of the rolling drill: restarts, the migrations, the upgrade, the way back, and the upgrade again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.replicated.replica import Source
from tests.replicated.stack import ReplicatedStack
from tests.rolling.ledger import Ledger
from tests.waiting import eventually
from tests.wide_routes import write_wide_routes

# Services before those that call them, and the gateway last: it has routes that need the new ones. Back the other way.
_ORDER = ("auth_service", "user_service", "file_service", "gateway")


@dataclass(frozen=True)
class Course:
    """At least `least` requests are sent; `tell` gets a line as each phase begins."""

    stack: ReplicatedStack
    ledger: Ledger
    previous: Source
    least: int
    tell: Callable[[str], None]

    async def run(self) -> None:
        current = Source()
        self._begin("restart each program of the release before")
        await self._roll(self.previous)
        self._begin("migrate beside the release before")
        await self.stack.migrate(current)
        self._begin("upgrade each program")
        await self._roll(current)
        self._begin("go back, on the migrated schema")
        await self._roll(self.previous, tuple(reversed(_ORDER)))
        self._begin("upgrade again")
        await self._roll(current)
        self._begin("restart each program of this release")
        await self._roll(current)
        while self.ledger.requests < self.least:
            await self._roll(current)
        self.ledger.end()

    def _begin(self, name: str) -> None:
        self.ledger.begin(name)
        self.tell(f"{self.ledger.requests:>8,} requests so far; now: {name}")

    async def _roll(self, source: Source, order: Sequence[str] = _ORDER) -> None:
        """As an operator does: one process at a time, the next once the one before is ready."""
        for program in order:
            for replica in self.stack.of(program):
                replica.use(source, routes(self.stack.folder, source) if program == "gateway" else None)
                await replica.restart()
                await eventually(partial(self._is_seen, replica.name))

    async def _is_seen(self, name: str) -> bool:
        """Whether the balancer in front has noticed that it is ready."""
        return self.stack.watch.is_ready(name)


def routes(folder: Path, source: Source) -> dict[str, str]:
    """Return the variable that names the release's own routes, without limits."""
    path = folder / f"routes-{source.tree.name}.toml"
    if not path.exists():
        write_wide_routes(path, source.tree)
    return {"ROUTES_FILE": str(path)}
