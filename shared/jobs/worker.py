"""Does a service's jobs beside its requests, as many processes of it as there are."""

import asyncio
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from time import perf_counter
from uuid import UUID

from shared.db import Database
from shared.errors import Unavailable, describe
from shared.jobs.metrics import JOBS, OLDEST, OUTCOMES, RESTING, SECONDS
from shared.jobs.model import GiveUp, Job, Kind
from shared.jobs.queue import JobQueue, Taking
from shared.lifecycle import Lifecycle, background, out_of_step
from shared.logs import log
from shared.spans.recorder import errand

_POLL = 1.0  # seconds between two looks, when there was nothing to do
_LEASE_MARGIN = 15.0  # seconds that a lease outlives its job's time, to write down what became of it
_FIRST_RETRY, _LONGEST_RETRY = 5.0, 3600.0
_FIRST_REST, _LONGEST_REST = 1.0, 30.0
_FAREWELL = 4.0  # seconds that a job may still take when the program ends
_CENSUS = 10.0


def retry_delay(attempt: int) -> float:
    """Return how many seconds to wait after a failed attempt: doubling, an hour at most, a fifth more or less."""
    return min(_FIRST_RETRY * 2.0 ** min(attempt - 1, 20), _LONGEST_RETRY) * random.uniform(0.8, 1.2)  # noqa: S311  no secret


class Crew:
    """Does the jobs of one kind. Crews look for jobs in turn, so that they need one connection together."""

    def __init__(self, name: str, kind: Kind, queue: JobQueue, lifecycle: Lifecycle, turn: asyncio.Lock) -> None:
        self._name = name
        self._kind = kind
        self._queue = queue
        self._lifecycle = lifecycle
        self._turn = turn
        self._running: set[asyncio.Task[None]] = set()
        self._away = False  # what the work needs
        self._rest = 0.0  # seconds, the last one

    async def run(self) -> None:
        """Take and do jobs until the program stops."""
        while not self._lifecycle.stopping:
            busy = await self._take()
            if self._running:
                await asyncio.wait(self._running, timeout=_POLL, return_when=asyncio.FIRST_COMPLETED)
            if self._away:
                self._rest = min(max(_FIRST_REST, self._rest * 2), _LONGEST_REST)
                await self._pause(self._rest)
            elif not busy:
                await self._pause(_POLL)

    async def _take(self) -> bool:
        """Begin as many jobs as there is room for; while resting, one to try. Tell whether anything is under way."""
        room = (1 if self._away else self._kind.together) - len(self._running)
        if room > 0:
            seconds = self._kind.timeout + _LEASE_MARGIN
            async with self._turn:
                lease, jobs = await self._queue.take(Taking(self._name, room, seconds, self._kind.most_attempts))
            for job in jobs:
                task = asyncio.create_task(self._do(job, lease), name=f"{self._name} {job.job_id}")
                self._running.add(task)
                task.add_done_callback(self._running.discard)
        return bool(self._running)

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(out_of_step(seconds)):
                await self._lifecycle.stop()
        except TimeoutError:
            pass

    async def _do(self, job: Job, lease: UUID) -> None:
        started = perf_counter()
        try:
            with errand(f"{self._name} job", job.traceparent) as hop, SECONDS.labels(self._name).time():
                outcome = await self._attempt(job, lease)
                hop.failed = outcome == "failed"
                if outcome == "done":
                    nanoseconds = int((perf_counter() - started) * 1e9)
                    log.info("job_done", **self._told(job), **{"event.duration": nanoseconds})
        except asyncio.CancelledError:
            await self._queue.give_back(job, lease)
            OUTCOMES.labels(self._name, "returned").inc()
            raise
        except Unavailable as exc:  # the database's: the lease will end
            log.warning("job_outcome_lost", **self._told(job), **{"error.message": describe(exc)})
            return
        OUTCOMES.labels(self._name, outcome).inc()

    def _told(self, job: Job) -> dict[str, object]:
        return {
            "colonnade.job.kind": self._name,
            "colonnade.job.id": str(job.job_id),
            "colonnade.job.attempt": job.attempt,
        }

    async def _attempt(self, job: Job, lease: UUID) -> str:
        try:
            async with asyncio.timeout(self._kind.timeout):
                await self._kind.work(job)
        except Unavailable as exc:
            self._begin_rest(describe(exc))
            await self._queue.give_back(job, lease)
            return "returned"
        except GiveUp as exc:
            return await self._fail(job, lease, str(exc))
        except Exception as exc:  # noqa: BLE001  whatever it is, the job must not be lost
            if job.attempt >= self._kind.most_attempts:
                return await self._fail(job, lease, repr(exc))
            log.info("job_retried", **self._told(job), **{"error.message": describe(exc)})
            await self._queue.retry(job, lease, retry_delay(job.attempt), repr(exc))
            return "retried"
        self._end_rest()
        await self._queue.finish(job, lease)
        return "done"

    async def _fail(self, job: Job, lease: UUID, error: str) -> str:
        log.error("job_failed", **self._told(job), **{"error.message": error})
        await self._queue.fail(job, lease, error)
        return "failed"

    def _begin_rest(self, error: str) -> None:
        if not self._away:
            log.warning("jobs_resting", **{"colonnade.job.kind": self._name, "error.message": error})
        self._away = True
        RESTING.labels(self._name).set(1)

    def _end_rest(self) -> None:
        self._away, self._rest = False, 0.0
        RESTING.labels(self._name).set(0)

    async def sweep(self) -> None:
        expired, lost = await self._queue.sweep(self._name, self._kind.most_attempts)
        OUTCOMES.labels(self._name, "expired").inc(expired)
        OUTCOMES.labels(self._name, "failed").inc(lost)

    async def end(self) -> None:
        """Let what is under way finish within a moment, and give back the rest."""
        if self._running:
            await asyncio.wait(self._running, timeout=_FAREWELL)
        left = list(self._running)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)


@asynccontextmanager
async def open_jobs(
    schema: str, database: Database, kinds: Mapping[str, Kind], lifecycle: Lifecycle
) -> AsyncIterator[None]:
    """Do jobs of these kinds while the program lives. Those of other kinds are left to whoever knows them."""
    queue = JobQueue(schema, database)
    turn = asyncio.Lock()
    crews = [Crew(name, kind, queue, lifecycle, turn) for name, kind in kinds.items()]

    async def look_after() -> None:
        async with turn:
            for crew in crews:
                await crew.sweep()
            found = await queue.census(list(kinds))
        for each in found:
            JOBS.labels(each.kind, "waiting").set(each.waiting)
            JOBS.labels(each.kind, "failed").set(each.failed)
            OLDEST.labels(each.kind).set(each.oldest)

    async with AsyncExitStack() as stack:
        for name, crew in zip(kinds, crews, strict=True):
            stack.push_async_callback(crew.end)
            await stack.enter_async_context(background(f"do jobs: {name}", crew.run))
        await stack.enter_async_context(background("look after jobs", look_after, every=_CENSUS))
        yield
