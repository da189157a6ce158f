"""A PostgreSQL of one's own, to kill and to stop."""

import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg

from tests.integration.shared.tables import connected
from tests.stores import running_stores
from tests.waiting import eventually


@dataclass(frozen=True, slots=True)
class OwnPostgres:
    """Its supervisor starts it again when it is killed."""

    url: str

    @property
    def pid(self) -> int:
        folder = Path(parse_qs(urlsplit(self.url).query)["host"][0])
        return int((folder / ".s.PGSQL.5432.lock").read_text(encoding="utf-8").split()[0])

    def kill(self) -> None:
        """End it as a crash does: SIGKILL to the server, whose sessions then end by themselves."""
        os.kill(self.pid, signal.SIGKILL)

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Freeze the server and all its sessions: connections stay open, and nothing answers."""
        with self.thawed_later() as freeze:
            freeze()
            yield

    @contextmanager
    def thawed_later(self) -> Iterator[Callable[[], None]]:
        """Yield what freezes the server; what was frozen goes on at the end."""
        frozen: list[int] = []

        def freeze() -> None:
            frozen.extend(self._processes())
            for pid in frozen:
                os.kill(pid, signal.SIGSTOP)

        try:
            yield freeze
        finally:
            for pid in frozen:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    def _processes(self) -> list[int]:
        pid = self.pid
        return [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split())]

    async def serves(self) -> bool:
        try:
            async with connected(self.url) as connection:
                return bool(await connection.fetchval("select true"))
        except (OSError, asyncpg.PostgresError):
            return False


@asynccontextmanager
async def own_postgres() -> AsyncIterator[OwnPostgres]:
    with running_stores() as urls:
        postgres = OwnPostgres(urls.postgres)
        await eventually(postgres.serves)
        yield postgres
