"""Answers kept in a real Valkey Cluster, by the whole gateway."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.integration.gateway.cache.caching_gateway import CachingGateway, run_caching_gateway
from tests.scale.valkey_cluster import Cluster
from tests.waiting import eventually

PATHS = [f"/pictures/{number}" for number in range(24)]
HIT = "colonnade; hit"


@pytest.fixture
async def gateway(tmp_path: Path, cluster: Cluster) -> AsyncIterator[CachingGateway]:
    async with run_caching_gateway(tmp_path, cluster.url) as running:
        yield running


async def hits(gateway: CachingGateway) -> int:
    return sum([(await gateway.get(path)).cache == HIT for path in PATHS])


async def keys(cluster: Cluster) -> list[int]:
    return [int(await node.say("DBSIZE")) for node in cluster.primaries]


async def test_answers_are_kept_at_all_nodes_and_taken_away(gateway: CachingGateway, cluster: Cluster) -> None:
    assert await hits(gateway) == 0
    assert await hits(gateway) == len(PATHS)
    assert min(await keys(cluster)) > 2  # more than the counters of one address
    assert (await gateway.ask("DELETE", PATHS[0])).status == 200
    assert await hits(gateway) == len(PATHS) - 1


async def test_cache_is_used_again_once_a_replica_has_taken_over(gateway: CachingGateway, cluster: Cluster) -> None:
    """Meanwhile everybody is answered, without the cache."""
    await hits(gateway)
    cluster.primaries[0].kill()
    assert [(await gateway.get(path)).status for path in PATHS] == [200] * len(PATHS)

    async def all_are_kept() -> bool:
        return await hits(gateway) == len(PATHS)

    await eventually(all_are_kept, within=60)
