import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from gateway.limits import budget
from tests.integration.gateway.cache.caching_gateway import CachingGateway, run_caching_gateway
from tests.integration.gateway.limits.conftest import OwnValkey


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy test machine may hold Valkey up for longer than the budget; what is tested here is what it answers."""
    monkeypatch.setattr(budget, "SECONDS", 5.0)


@pytest.fixture
async def gateway(tmp_path: Path, valkey_url: str) -> AsyncIterator[CachingGateway]:
    async with run_caching_gateway(tmp_path, valkey_url) as running:
        yield running


@pytest.fixture
def own_valkey() -> Iterator[OwnValkey]:
    with tempfile.TemporaryDirectory(prefix="colonnade-valkey-") as folder:
        valkey = OwnValkey(Path(folder))
        yield valkey
        valkey.kill()
