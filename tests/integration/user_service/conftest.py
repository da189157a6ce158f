"""`service` is shared by the tests, which each have people of their own; modules that look at all rows override it."""

from collections.abc import AsyncIterator

import pytest

from shared.ids import uuid7
from tests.integration.user_service.running_service import Person, RunningService, running_service
from tests.stores import Databases


@pytest.fixture(scope="session")
async def service(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningService]:
    folder = tmp_path_factory.mktemp("user_service")
    async with databases.clone("user_service") as database, running_service(database, folder) as running:
        yield running


@pytest.fixture
def ada(service: RunningService) -> Person:
    return service.person(uuid7())


@pytest.fixture
def bob(service: RunningService) -> Person:
    return service.person(uuid7())
