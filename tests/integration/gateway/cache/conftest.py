import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from gateway.valkey import budget
from tests.integration.gateway.cache.caching_gateway import CachingGateway, run_caching_gateway
from tests.integration.gateway.limits.conftest import OwnValkey


class Clock:
    """The process's own, which stands still until a test sets it on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._now = float(int(time.time()))  # as the Date of answers is
        monkeypatch.setattr(time, "time", lambda: self._now)

    def advance(self, seconds: float) -> None:
        self._now += seconds


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


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)
