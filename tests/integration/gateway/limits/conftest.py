"""A Valkey that a test may kill or stop, and a limiter over the one that all tests share."""

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import RedisError

from deploy.local.binaries import valkey_server
from gateway.limits.limiter import Limiter, open_limiter
from gateway.valkey import budget


class OwnValkey:
    """A Valkey process of one test. `stop` freezes it; `kill` ends it, and `start` begins an empty one."""

    def __init__(self, folder: Path) -> None:
        self._socket = folder / "valkey.sock"
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"unix://{self._socket}"
        self.start()

    def start(self) -> None:
        command = [str(valkey_server(os.environ)), "--port", "0", "--unixsocket", str(self._socket), "--save", ""]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=self._socket.parent)
        deadline = time.monotonic() + 10
        while not self._answers():
            assert time.monotonic() < deadline, "Valkey didn't start"
            time.sleep(0.01)

    def kill(self) -> None:
        self.signal(signal.SIGKILL)
        assert self._process is not None
        self._process.wait()

    def signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def _answers(self) -> bool:
        try:
            with Redis.from_url(self.url) as client:
                return bool(client.ping())
        except RedisError:
            return False


BUDGET = 1.0  # seconds; twenty times what it really is, so that a busy machine doesn't count


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy test machine may hold Valkey up for longer than the budget; what is tested here is what it answers."""
    monkeypatch.setattr(budget, "SECONDS", 5.0)


@pytest.fixture
def own_valkey() -> Iterator[OwnValkey]:
    with tempfile.TemporaryDirectory(prefix="colonnade-valkey-") as folder:
        valkey = OwnValkey(Path(folder))
        yield valkey
        valkey.kill()


@pytest.fixture
async def limiter(valkey_url: str) -> AsyncIterator[Limiter]:
    async with open_limiter(valkey_url) as limiter:
        yield limiter
