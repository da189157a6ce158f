"""Every table that grows is purged: each job deletes what its retention has passed, in small batches."""

from collections.abc import Sequence
from dataclasses import dataclass

from prometheus_client import Counter

from shared.db import Database
from shared.logs import log

PURGED = Counter("rows_purged_total", "Rows deleted because their retention had passed.", ("job",))
EVERY, AFTER = 600.0, 30.0  # seconds: between two, and before the first
_BATCH = 1000


@dataclass(frozen=True, slots=True)
class Purge:
    """`sql` deletes at most $1 rows, and counts them by `returning`."""

    name: str
    sql: str


async def purge(database: Database, jobs: Sequence[Purge]) -> None:
    """Run each job until nothing is left. Replicas may run it at once: they delete different rows or none."""
    for job in jobs:
        deleted = batch = len(await database.fetch(job.sql, _BATCH))
        while batch == _BATCH:
            batch = len(await database.fetch(job.sql, _BATCH))
            deleted += batch
        PURGED.labels(job.name).inc(deleted)
        if deleted:
            log.info("rows_purged", **{"colonnade.work": job.name, "colonnade.rows": deleted})


def purge_events(schema: str, days: int = 30) -> Purge:
    """Delete old events, and remember up to where, so that a follower who comes too late resyncs."""
    return Purge(
        "events",
        f"""
        with old as (
            delete from {schema}.event where id in (
                select id from {schema}.event where time < now() - interval '{days} days' order by id limit $1
            ) returning id
        ), moved as (
            update {schema}.event_epoch set horizon = greatest(horizon, (select max(id) from old))
            where exists (select from old)
        )
        select id from old
        """,  # noqa: S608  our own schema
    )


def purge_idempotency(schema: str) -> Purge:
    """Forget answers that were kept for a repeated request, after a day."""
    return Purge(
        "idempotency",
        f"""
        delete from {schema}.idempotency where key_hash in (
            select key_hash from {schema}.idempotency where created_at < now() - interval '24 hours' limit $1
        ) returning key_hash
        """,  # noqa: S608  our own schema
    )
