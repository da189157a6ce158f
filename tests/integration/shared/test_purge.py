import asyncio

from prometheus_client import REGISTRY

from shared.db import Database, DirectConnection
from shared.purge import purge, purge_events, purge_idempotency
from tests.integration.shared.feeds import tell
from tests.integration.shared.tables import SCHEMA


def purged(job: str) -> float:
    return REGISTRY.get_sample_value("rows_purged_total", {"job": job}) or 0.0


async def age(direct: DirectConnection, days: int, upto: int) -> None:
    await direct.execute("update app.event set time = now() - make_interval(days => $1) where id <= $2", days, upto)


async def test_events_of_the_last_30_days_are_kept(database: Database, direct: DirectConnection) -> None:
    await tell(database, "a", "b", "c")
    await age(direct, 29, 3)
    await age(direct, 31, 1)
    before = purged("events")
    await purge(database, [purge_events(SCHEMA)])
    assert [row["id"] for row in await direct.fetch("select id from app.event order by id")] == [2, 3]
    assert await direct.fetchval("select horizon from app.event_epoch") == 1
    assert purged("events") == before + 1


async def test_horizon_never_moves_back_and_stays_when_nothing_is_old(
    database: Database, direct: DirectConnection
) -> None:
    await direct.execute("update app.event_epoch set horizon = 7")
    await tell(database, "a", "b")
    await age(direct, 31, 1)
    for _ in range(2):
        await purge(database, [purge_events(SCHEMA)])
        assert await direct.fetchval("select horizon from app.event_epoch") == 7


async def test_more_than_one_batch_is_purged_by_replicas_at_once(database: Database, direct: DirectConnection) -> None:
    await direct.execute(
        """
        insert into app.event (event_id, type, subject, time, data)
        select gen_random_uuid(), 't', 's', now() - interval '31 days', '{}' from generate_series(1, 3500)
        """
    )
    await direct.execute(
        """
        insert into app.idempotency (key_hash, fingerprint, answer, created_at)
        select int4send(n), '', '{}', now() - interval '2 days' from generate_series(1, 2500) as n
        """
    )
    before = purged("events") + purged("idempotency")
    jobs = [purge_events(SCHEMA), purge_idempotency(SCHEMA)]
    await asyncio.gather(*(purge(database, jobs) for _ in range(3)))
    assert purged("events") + purged("idempotency") == before + 6000
    assert await direct.fetchval("select count(*) from app.event") == 0
    assert await direct.fetchval("select count(*) from app.idempotency") == 0
    assert await direct.fetchval("select horizon from app.event_epoch") == 3500
