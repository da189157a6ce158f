"""Limits counted in a real Valkey Cluster: as exact as in one server, whatever becomes of a node."""

import asyncio
from itertools import count

from gateway.limits.counters import Call
from gateway.limits.limiter import FALLBACKS, Limiter, open_limiter
from gateway.limits.policy import LimitClass, parse_policy
from gateway.valkey.slots import slot_of
from tests.scale.valkey_cluster import Cluster, Node
from tests.waiting import eventually

HOURLY = LimitClass("hourly", parse_policy("50 per hour"))
STRICT = LimitClass("strict", parse_policy("5 per hour"), strict=True)
NUMBERS = count()


def subject_at(cluster: Cluster, node: Node, limit: LimitClass = HOURLY) -> str:
    """Return a subject that nobody had yet, and whose counters the node serves."""
    return next(
        subject for number in NUMBERS if cluster.home(Call(limit, subject := f"user:{number}", 1).key) is node
    )  # fmt: skip


async def burst(limiter: Limiter, subject: str, size: int) -> int:
    verdicts = await asyncio.gather(*(limiter.check(HOURLY, subject) for _ in range(size)))
    return sum(verdict.allowed for verdict in verdicts)


def from_memory() -> float:
    return float(FALLBACKS.labels("hourly")._value.get())


async def is_counted(limiter: Limiter, cluster: Cluster, node: Node) -> bool:
    before = from_memory()
    await limiter.check(HOURLY, subject_at(cluster, node))
    return from_memory() == before


async def test_exactly_the_limit_passes_at_every_node_and_over_several_gateways(cluster: Cluster) -> None:
    """G27"""
    before = from_memory()
    subjects = [subject_at(cluster, node) for node in cluster.primaries for _ in range(3)]
    async with open_limiter(cluster.url) as one, open_limiter(cluster.url) as two:
        passed = await asyncio.gather(*(burst(each, subject, 70) for subject in subjects for each in (one, two)))
    assert [a + b for a, b in zip(passed[::2], passed[1::2], strict=True)] == [50] * len(subjects)
    assert from_memory() == before


async def test_slot_that_moves_takes_its_counts_along(cluster: Cluster) -> None:
    """Meanwhile the old node says to ask the new one, then that it has moved: nothing is lost or counted twice."""
    old, new, _ = cluster.primaries
    subject = subject_at(cluster, old)
    key = Call(HOURLY, subject, 1).key
    slot = slot_of(key)
    async with open_limiter(cluster.url) as limiter:
        before = from_memory()
        assert await burst(limiter, subject, 20) == 20
        await new.say("CLUSTER", "SETSLOT", slot, "IMPORTING", await old.identity())
        await old.say("CLUSTER", "SETSLOT", slot, "MIGRATING", await new.identity())
        assert await burst(limiter, subject, 10) == 10
        await old.say("MIGRATE", "127.0.0.1", new.port, "", 0, 5000, "AUTH", "for-tests-only", "KEYS", key)
        assert await burst(limiter, subject, 10) == 10
        for node in (new, old, cluster.primaries[2]):
            await node.say("CLUSTER", "SETSLOT", slot, "NODE", await new.identity())
        assert await burst(limiter, subject, 70) == 10
        assert from_memory() == before


async def test_node_that_hangs_is_missed_by_its_own_subjects_alone(cluster: Cluster) -> None:
    """R8, of one node; the others count on exactly, and it is asked again by itself."""
    lost, *others = cluster.primaries
    async with open_limiter(cluster.url) as limiter:
        elsewhere = subject_at(cluster, others[0])
        assert await burst(limiter, elsewhere, 30) == 30
        lost.stop()
        assert await burst(limiter, subject_at(cluster, lost), 70) == 50
        before = from_memory()
        assert before > 0
        assert await burst(limiter, elsewhere, 70) == 20
        assert from_memory() == before
        lost.go_on()
        await eventually(lambda: is_counted(limiter, cluster, lost))


async def test_replica_that_takes_over_counts(cluster: Cluster) -> None:
    """R7, of one node."""
    lost = cluster.primaries[2]
    async with open_limiter(cluster.url) as limiter:
        assert await is_counted(limiter, cluster, lost)
        lost.kill()
        await limiter.check(HOURLY, subject_at(cluster, lost))
        await eventually(lambda: is_counted(limiter, cluster, lost), within=60)


async def test_strict_limit_holds_while_its_node_is_away(cluster: Cluster) -> None:
    subject = subject_at(cluster, cluster.primaries[1], STRICT)
    async with open_limiter(cluster.url) as limiter:
        passed = [(await limiter.check(STRICT, subject)).allowed for _ in range(3)]
        cluster.primaries[1].stop()
        passed += [(await limiter.check(STRICT, subject)).allowed for _ in range(7)]
    assert sum(passed) == 5


async def test_cluster_that_comes_later_is_used(cluster: Cluster) -> None:
    for node in (*cluster.primaries, *cluster.replicas):
        node.stop()
    async with open_limiter(cluster.url) as limiter:
        assert limiter.is_away
        for node in (*cluster.primaries, *cluster.replicas):
            node.go_on()
        await eventually(lambda: is_counted(limiter, cluster, cluster.primaries[0]), within=60)
