"""When services are asked for their descriptions, and what happens when one doesn't answer."""

import asyncio
from typing import Any

import msgspec
import pytest

from gateway.pages import documents as module
from gateway.pages.documents import Documents
from shared.errors import Unavailable


class Services:
    """Answers as upstreams do; those in `down` fail, and `asked` lists who was asked."""

    def __init__(self) -> None:
        self.down: dict[str, Exception] = {}
        self.asked: list[str] = []
        self.version = "1"

    async def fetch(self, upstream: str) -> dict[str, Any]:
        self.asked.append(upstream)
        await asyncio.sleep(0)
        if upstream in self.down:
            raise self.down[upstream]
        return {"paths": {f"/{upstream}/{self.version}": {}}, "components": {}}


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


@pytest.fixture
def services() -> Services:
    return Services()


@pytest.fixture
def documents(services: Services, clock: Clock) -> Documents:
    return Documents(services.fetch, ["users", "files"], "http://x")


async def paths(documents: Documents) -> list[str]:
    return list(msgspec.json.decode(await documents.merged())["paths"])


async def test_services_are_asked_once_for_many_readers(documents: Documents, services: Services) -> None:
    await asyncio.gather(*(documents.merged() for _ in range(10)))
    assert services.asked == ["users", "files"]


async def test_description_is_fresh_again_after_half_a_minute(
    documents: Documents, services: Services, clock: Clock
) -> None:
    await documents.merged()
    services.version = "2"
    clock.now += 29
    assert await paths(documents) == ["/users/1", "/files/1"]
    clock.now += 1
    assert await paths(documents) == ["/users/2", "/files/2"]


@pytest.mark.parametrize("failure", [Unavailable(), OSError("refused"), TimeoutError(), msgspec.DecodeError("no JSON")])
async def test_service_that_is_down_is_described_as_last_known(
    documents: Documents, services: Services, clock: Clock, failure: Exception
) -> None:
    await documents.merged()
    services.version, services.down = "2", {"files": failure}
    clock.now += 30
    assert await paths(documents) == ["/users/2", "/files/1"]
    services.down = {}
    clock.now += 2
    assert await paths(documents) == ["/users/2", "/files/2"]


async def test_service_that_never_answered_makes_it_unavailable(documents: Documents, services: Services) -> None:
    services.down = {"files": OSError()}
    with pytest.raises(Unavailable) as refused:
        await documents.merged()
    assert "files" in refused.value.detail
    assert refused.value.headers["Retry-After"] == "2"
    services.down = {}
    assert await paths(documents) == ["/users/1", "/files/1"]
