from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shared.jobs import worker
from tests.hashing import shared_processes
from tests.integration.auth_service.mailing import Mailing, mailing
from tests.integration.auth_service.people import Gateway
from tests.integration.auth_service.world import AuthService, running
from tests.stores import DatabaseUrls

__all__ = ["shared_processes"]  # a fixture for all


@pytest.fixture(autouse=True)
def hasty_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits a second for each mail."""
    monkeypatch.setattr(worker, "_POLL", 0.05)


@pytest.fixture
def gateway(tmp_path: Path) -> Gateway:
    return Gateway(tmp_path)


@pytest.fixture
async def service(auth_database: DatabaseUrls, gateway: Gateway) -> AsyncIterator[AuthService]:
    async with running(auth_database, gateway) as service:
        yield service


@pytest.fixture
async def post(auth_database: DatabaseUrls, gateway: Gateway) -> AsyncIterator[Mailing]:
    """The service with a mail server."""
    async with mailing(auth_database, gateway) as world:
        yield world


@pytest.fixture
async def replica(auth_database: DatabaseUrls, gateway: Gateway, service: AuthService) -> AsyncIterator[AuthService]:
    """A second process of the same service, on the database of `service`."""
    async with running(auth_database, gateway) as replica:
        yield replica
