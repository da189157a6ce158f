"""Jobs in a table of the service that owns them, added in the transaction of the change that makes them needed.

The table, which a migration of that service makes:

    create table SCHEMA.job (
        job_id uuid not null,
        kind text not null,
        payload bytea not null,
        attempts integer not null default 0,
        created_at timestamptz not null default now(),
        due_at timestamptz not null default now(),      -- while somebody has it: when the lease is over
        expires_at timestamptz,
        lease uuid,                                     -- names whoever has it, for this one attempt
        failed_at timestamptz,
        last_error text,
        traceparent text,
        constraint job_pkey primary key (job_id)
    );
    create index job_due_at_idx on SCHEMA.job (due_at) where failed_at is null;

A worker that dies leaves a lease that ends, and then the job is anybody's again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from shared.db import Connection, Database
from shared.jobs.model import Job, NewJob
from shared.purge import Purge
from shared.tracing import current_traceparent

_ERROR_LENGTH = 300


async def enqueue(connection: Connection, schema: str, job: NewJob) -> None:
    """Add the job; it is done only if the transaction commits."""
    await connection.execute(
        f"insert into {schema}.job (job_id, kind, payload, expires_at, traceparent) values ($1, $2, $3, $4, $5)",  # noqa: S608  our own schema
        job.job_id,
        job.kind,
        job.payload,
        job.expires_at,
        current_traceparent(),
    )


@dataclass(frozen=True, slots=True)
class Taking:
    """Which jobs a worker takes: `most` of the kind, for `seconds` each, unless they were tried too often."""

    kind: str
    most: int
    seconds: float
    most_attempts: int


@dataclass(frozen=True, slots=True)
class Census:
    """How many there are of one kind; `oldest` in seconds."""

    kind: str
    waiting: int
    failed: int
    oldest: float


class JobQueue:
    """Several processes may use one queue at once: nobody waits for a job that another has."""

    def __init__(self, schema: str, database: Database) -> None:
        self._table = f"{schema}.job"
        self._database = database

    async def take(self, taking: Taking) -> tuple[UUID, list[Job]]:
        """Return a lease and the jobs that it covers, oldest first."""
        lease = uuid4()
        rows = await self._database.fetch(
            f"""
            with next as (
                select job_id from {self._table}
                where failed_at is null and due_at <= now() and kind = $1 and attempts < $5
                  and (expires_at is null or expires_at > now())
                order by due_at limit $2 for update skip locked
            )
            update {self._table} j set attempts = attempts + 1, lease = $3, due_at = now() + make_interval(secs => $4)
            from next where j.job_id = next.job_id
            returning j.job_id, j.kind, j.payload, j.attempts as attempt, j.traceparent
            """,  # noqa: S608  our own schema, here and below
            taking.kind,
            taking.most,
            lease,
            taking.seconds,
            taking.most_attempts,
        )
        return lease, sorted((Job(**row) for row in rows), key=lambda job: job.job_id)

    async def sweep(self, kind: str, most_attempts: int) -> tuple[int, int]:
        """Delete what has expired, and keep as failed what was lost at its last attempt; return how many of each."""
        expired = await self._database.fetch(
            f"""
            delete from {self._table}
            where kind = $1 and failed_at is null and due_at <= now() and expires_at <= now() returning job_id
            """,  # noqa: S608
            kind,
        )
        lost = await self._database.fetch(
            f"""
            update {self._table} set failed_at = now(), lease = null, last_error = 'whoever did it didn''t come back'
            where kind = $1 and failed_at is null and due_at <= now() and attempts >= $2 returning job_id
            """,  # noqa: S608
            kind,
            most_attempts,
        )
        return len(expired), len(lost)

    async def finish(self, job: Job, lease: UUID) -> None:
        """Delete a job that is done, unless the lease had ended, so that somebody else is doing it too."""
        sql = f"delete from {self._table} where job_id = $1 and lease = $2"  # noqa: S608
        await self._database.execute(sql, job.job_id, lease)

    async def retry(self, job: Job, lease: UUID, seconds: float, error: str) -> None:
        await self._database.execute(
            f"""
            update {self._table} set lease = null, due_at = now() + make_interval(secs => $3), last_error = $4
            where job_id = $1 and lease = $2
            """,  # noqa: S608
            job.job_id,
            lease,
            seconds,
            error[:_ERROR_LENGTH],
        )

    async def fail(self, job: Job, lease: UUID, error: str) -> None:
        """Keep it as failed, for an operator to look at."""
        await self._database.execute(
            f"""
            update {self._table} set lease = null, failed_at = now(), last_error = $3
            where job_id = $1 and lease = $2
            """,  # noqa: S608
            job.job_id,
            lease,
            error[:_ERROR_LENGTH],
        )

    async def give_back(self, job: Job, lease: UUID) -> None:
        """Let anybody take it at once; the attempt doesn't count."""
        await self._database.execute(
            f"""
            update {self._table} set lease = null, attempts = attempts - 1, due_at = now()
            where job_id = $1 and lease = $2
            """,  # noqa: S608
            job.job_id,
            lease,
        )

    async def census(self, kinds: Sequence[str]) -> list[Census]:
        rows = await self._database.fetch(
            f"""
            select k.kind, count(j.job_id) filter (where j.failed_at is null) as waiting, count(j.failed_at) as failed,
                coalesce(extract(epoch from now() - min(j.created_at) filter (where j.failed_at is null)), 0)::float8
                    as oldest
            from unnest($1::text[]) as k (kind) left join {self._table} j on j.kind = k.kind
            group by k.kind
            """,  # noqa: S608
            list(kinds),
        )
        return [Census(**row) for row in rows]


def purge_jobs(schema: str) -> tuple[Purge, Purge]:
    """Forget failed jobs after 30 days, and what expired while nobody did its kind."""
    failed, expired = (
        "failed_at < now() - interval '30 days'",
        "failed_at is null and expires_at < now() - interval '1 hour'",
    )
    return (_purge(schema, "failed jobs", failed), _purge(schema, "expired jobs", expired))


def _purge(schema: str, name: str, condition: str) -> Purge:
    chosen = f"select job_id from {schema}.job where {condition} limit $1"  # noqa: S608
    return Purge(name, f"delete from {schema}.job where job_id in ({chosen}) returning job_id")  # noqa: S608
