from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.limits import budget
from tests.integration.gateway.cache.caching_gateway import CachingGateway, run_caching_gateway


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy test machine may hold Valkey up for longer than the budget; what is tested here is what it answers."""
    monkeypatch.setattr(budget, "SECONDS", 5.0)


@pytest.fixture
async def gateway(tmp_path: Path, valkey_url: str) -> AsyncIterator[CachingGateway]:
    async with run_caching_gateway(tmp_path, valkey_url) as running:
        yield running
