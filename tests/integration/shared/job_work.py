"""Jobs for the tests of the queue, and work that notes what it is given."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from shared.db import Database
from shared.ids import uuid7
from shared.jobs.metrics import OUTCOMES
from shared.jobs.model import Job, Kind, NewJob
from shared.jobs.queue import enqueue
from shared.jobs.worker import open_jobs
from shared.lifecycle import Lifecycle

KIND = "example"


async def add(database: Database, payload: bytes = b"x", expires_in: timedelta | None = None) -> NewJob:
    expires_at = datetime.now(UTC) + expires_in if expires_in is not None else None
    job = NewJob(uuid7(), KIND, payload, expires_at)
    async with database.transaction() as connection:
        await enqueue(connection, "auth", job)
    return job


@asynccontextmanager
async def working(
    database: Database, work: Callable[[Job], Awaitable[None]], lifecycle: Lifecycle | None = None, **options: float
) -> AsyncIterator[None]:
    kind = Kind(work, **({"timeout": 5.0} | options))  # type: ignore[arg-type]
    async with open_jobs("auth", database, {KIND: kind}, lifecycle or Lifecycle()):
        yield


async def left(database: Database) -> int:
    return int(await database.fetchval("select count(*) from auth.job"))


async def empty(database: Database) -> bool:
    return await left(database) == 0


def outcome(name: str) -> float:
    return float(OUTCOMES.labels(KIND, name)._value.get())


class Notebook:
    """Work that notes what it is given, and fails as often as it is told."""

    def __init__(self, *failures: Exception) -> None:
        self.done: list[Job] = []
        self.seen: list[Job] = []
        self._failures = list(failures)

    async def work(self, job: Job) -> None:
        self.seen.append(job)
        if self._failures:
            raise self._failures.pop(0)
        self.done.append(job)
