"""The job queue on a real database: added with a change, done by one of several, never lost."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from shared.db import Database, DirectConnection, open_database
from shared.errors import Unavailable
from shared.ids import uuid7
from shared.jobs import worker
from shared.jobs.metrics import JOBS, OLDEST, RESTING
from shared.jobs.model import GiveUp, Job, NewJob
from shared.jobs.queue import JobQueue, Taking, enqueue, purge_jobs
from shared.jobs.worker import retry_delay
from shared.lifecycle import Lifecycle
from shared.purge import purge
from shared.settings import DatabaseSettings, Secret
from tests.integration.shared.job_work import KIND, Notebook, add, empty, left, outcome, working
from tests.integration.shared.tables import connected
from tests.stores import DatabaseUrls
from tests.waiting import eventually


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look often, and wait briefly after a failure."""
    monkeypatch.setattr(worker, "_POLL", 0.02)
    monkeypatch.setattr(worker, "_FIRST_RETRY", 0.01)
    monkeypatch.setattr(worker, "_FIRST_REST", 0.02)
    monkeypatch.setattr(worker, "_LONGEST_REST", 0.05)
    monkeypatch.setattr(worker, "_CENSUS", 0.05)


@pytest.fixture
async def database(auth_database: DatabaseUrls) -> AsyncIterator[Database]:
    """One that has the table which `shared.jobs.queue` describes."""
    url = Secret(auth_database.runtime)
    async with open_database(DatabaseSettings(url, url, pool_size=8, timeout=5)) as database:
        yield database


@pytest.fixture
async def admin(auth_database: DatabaseUrls) -> AsyncIterator[DirectConnection]:
    async with connected(auth_database.admin) as connection:
        yield connection


async def test_job_is_done_if_its_transaction_commits_and_only_then(database: Database) -> None:
    notebook = Notebook()
    async with database.connection() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await enqueue(connection, "auth", NewJob(uuid7(), KIND, b"never"))
        await transaction.rollback()
    await add(database, b"once")
    async with working(database, notebook.work):
        await eventually(lambda: empty(database))
    assert [job.payload for job in notebook.done] == [b"once"]


async def test_several_workers_do_each_job_once(database: Database) -> None:
    notebooks = [Notebook() for _ in range(4)]
    jobs = [await add(database, str(number).encode()) for number in range(60)]
    async with (
        working(database, notebooks[0].work),
        working(database, notebooks[1].work),
        working(database, notebooks[2].work),
        working(database, notebooks[3].work),
    ):
        await eventually(lambda: empty(database))
    done = sorted(job.job_id for notebook in notebooks for job in notebook.done)
    assert done == sorted(job.job_id for job in jobs)


async def test_job_of_a_crashed_worker_is_taken_again_when_its_lease_is_over(database: Database) -> None:
    queue, job = JobQueue("auth", database), await add(database)
    _, taken = await queue.take(Taking(KIND, 1, 60.0, 5))
    assert [each.job_id for each in taken] == [job.job_id]
    assert (await queue.take(Taking(KIND, 1, 60.0, 5)))[1] == []
    await database.execute("update auth.job set due_at = now()")  # the lease is over, and nobody came back
    notebook = Notebook()
    async with working(database, notebook.work):
        await eventually(lambda: empty(database))
    assert [each.attempt for each in notebook.done] == [2]


async def test_worker_whose_lease_is_over_has_no_say_any_more(database: Database) -> None:
    queue, _ = JobQueue("auth", database), await add(database)
    lease, (job,) = await queue.take(Taking(KIND, 1, 0.0, 5))
    other, _ = await queue.take(Taking(KIND, 1, 60.0, 5))
    await queue.finish(job, lease)
    await queue.fail(job, lease, "late")
    await queue.retry(job, lease, 0.0, "late")
    await queue.give_back(job, lease)
    row = await database.fetchrow("select attempts, lease, failed_at from auth.job")
    assert row is not None
    assert (row["attempts"], row["lease"], row["failed_at"]) == (2, other, None)


async def test_job_that_kills_its_worker_each_time_ends_as_failed(database: Database) -> None:
    queue, _ = JobQueue("auth", database), await add(database)
    for _ in range(3):
        assert len((await queue.take(Taking(KIND, 1, 0.0, 3)))[1]) == 1
    notebook = Notebook()
    async with working(database, notebook.work, most_attempts=3):
        assert await eventually(lambda: database.fetchval("select failed_at is not null from auth.job"))
    assert notebook.seen == []


async def test_failed_attempts_are_made_again(database: Database) -> None:
    notebook = Notebook(RuntimeError("once"), ValueError("twice"))
    before = outcome("retried")
    await add(database)
    async with working(database, notebook.work):
        await eventually(lambda: empty(database))
    assert [job.attempt for job in notebook.seen] == [1, 2, 3]
    assert outcome("retried") == before + 2


def test_pauses_double_up_to_an_hour_and_are_never_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "_FIRST_RETRY", 5.0)
    for attempt, expected in ((1, 5), (2, 10), (5, 80), (11, 3600), (10_000, 3600)):
        delays = {retry_delay(attempt) for _ in range(20)}
        assert all(0.8 * expected <= delay <= 1.2 * expected for delay in delays)
        assert len(delays) > 1


@pytest.mark.parametrize("error", [GiveUp("no use"), RuntimeError("the last time")])
async def test_job_without_prospects_is_kept_and_counted(database: Database, error: Exception) -> None:
    before = outcome("failed")
    await add(database)
    async with working(database, Notebook(error).work, most_attempts=1):
        await eventually(lambda: database.fetchval("select last_error from auth.job where failed_at is not null"))

        async def told() -> bool:
            return bool(JOBS.labels(KIND, "failed")._value.get() == 1)

        await eventually(told)
    assert outcome("failed") == before + 1
    assert JOBS.labels(KIND, "waiting")._value.get() == 0
    await database.execute("update auth.job set failed_at = failed_at - interval '31 days'")
    await purge(database, purge_jobs("auth"))
    assert await left(database) == 0


async def test_job_that_takes_too_long_is_cut_off_and_tried_again(database: Database) -> None:
    calls = 0

    async def work(_job: Job) -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            await asyncio.Event().wait()

    await add(database)
    async with working(database, work, timeout=0.1):
        await eventually(lambda: empty(database))
    assert calls == 2


async def test_kind_rests_while_what_it_needs_is_away_and_no_attempt_counts(database: Database) -> None:
    notebook = Notebook(*(Unavailable("away") for _ in range(6)))
    for _ in range(3):
        await add(database)

    async def resting() -> bool:
        return bool(RESTING.labels(KIND)._value.get() == 1)

    async with working(database, notebook.work, most_attempts=1):
        await eventually(resting)
        await eventually(lambda: empty(database))
    assert {job.attempt for job in notebook.seen} == {1}
    assert len(notebook.done) == 3
    assert not await resting()


async def test_expired_job_is_not_done(database: Database) -> None:
    before, notebook = outcome("expired"), Notebook()
    await add(database, expires_in=timedelta(seconds=-1))
    async with working(database, notebook.work):
        await eventually(lambda: empty(database))

        async def counted() -> bool:
            return outcome("expired") == before + 1

        await eventually(counted)
    assert notebook.seen == []


async def test_stopping_worker_takes_nothing_more_and_finishes_what_it_has(database: Database) -> None:
    began, go_on, lifecycle = asyncio.Event(), asyncio.Event(), Lifecycle()

    async def work(_job: Job) -> None:
        began.set()
        await go_on.wait()

    await add(database)
    async with working(database, work, lifecycle, together=1):
        await began.wait()
        lifecycle.begin_stop()
        await add(database, b"another")
        go_on.set()
    assert await database.fetchval("select payload from auth.job") == b"another"
    assert await left(database) == 1


async def test_worker_that_must_end_gives_back_what_it_has(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "_FAREWELL", 0.05)
    began = asyncio.Event()

    async def work(_job: Job) -> None:
        began.set()
        await asyncio.Event().wait()

    await add(database)
    async with working(database, work):
        await began.wait()
    notebook = Notebook()
    async with working(database, notebook.work):
        await eventually(lambda: empty(database))
    assert [job.attempt for job in notebook.done] == [1]


async def test_unknown_kinds_are_left_to_who_knows_them(database: Database) -> None:
    async with database.transaction() as connection:
        await enqueue(connection, "auth", NewJob(uuid7(), "of_a_newer_program", b""))
    ours, notebook = await add(database), Notebook()

    async def is_done() -> bool:
        return not await database.fetch("select job_id from auth.job where kind = $1", KIND)

    async with working(database, notebook.work):
        await eventually(is_done)
        await add(database)
        await eventually(is_done)  # and by then the other, which came first, was passed by twice
    assert notebook.done[0].job_id == ours.job_id
    assert [row["kind"] for row in await database.fetch("select kind from auth.job")] == ["of_a_newer_program"]


async def test_age_of_the_oldest_job_is_told(database: Database) -> None:
    await add(database)
    await database.execute(
        "update auth.job set created_at = now() - interval '1 hour', due_at = now() + interval '1 day'"
    )

    async def old() -> bool:
        return bool(OLDEST.labels(KIND)._value.get() > 3599)

    async with working(database, Notebook().work):
        await eventually(old)


async def test_jobs_wait_while_the_database_is_away(
    database: Database, auth_database: DatabaseUrls, admin: DirectConnection
) -> None:
    """R5: connections are cut again and again; each job is done at least once, and none is left."""
    notebook = Notebook()
    jobs = [await add(database, str(number).encode()) for number in range(30)]
    async with working(database, notebook.work):
        for _ in range(5):
            await admin.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'auth_runtime'"
                " and datname = current_database()"
            )
            await admin.execute("update auth.job set due_at = now() where lease is not null")
        await eventually(lambda: _none(admin))
    assert {job.job_id for job in notebook.done} == {job.job_id for job in jobs}


async def _none(admin: DirectConnection) -> bool:
    return not await admin.fetchval("select count(*) from auth.job")
