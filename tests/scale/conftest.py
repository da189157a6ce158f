from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.valkey import budget
from tests.scale.valkey_cluster import Cluster, running_cluster


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy test machine may hold Valkey up for longer than the budget; what is tested here is what it answers."""
    monkeypatch.setattr(budget, "SECONDS", 1.0)


@pytest.fixture
async def cluster(tmp_path: Path) -> AsyncIterator[Cluster]:
    async with running_cluster(tmp_path / "cluster") as running:
        yield running
