"""Two services run for all tests here; each test finds them empty, as if they had just started."""

from collections.abc import AsyncIterator

import pytest

from shared.ids import uuid7
from tests.integration.file_service.running_service import Person, RunningService, running_service
from tests.integration.file_service.uploading import Uploader
from tests.stores import Databases

SMALL = {"FILE_MAX_BYTES": "1000000", "FILE_QUOTA_BYTES": "2000000", "FILE_STALL_SECONDS": "0.5"}


@pytest.fixture(scope="session")
async def default_service(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[RunningService]:
    async with databases.clone("file_service") as urls, running_service(urls, tmp_path_factory.mktemp("a")) as running:
        yield running


@pytest.fixture(scope="session")
async def limited_service(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[RunningService]:
    folder = tmp_path_factory.mktemp("b")
    async with databases.clone("file_service") as urls, running_service(urls, folder, **SMALL) as running:
        yield running


@pytest.fixture
async def service(default_service: RunningService) -> RunningService:
    """With the limits that it has by default."""
    await default_service.empty()
    return default_service


@pytest.fixture
async def small_service(limited_service: RunningService) -> RunningService:
    """1 MB a file, 2 MB a person, and half a second of patience."""
    await limited_service.empty()
    return limited_service


@pytest.fixture
def ada(service: RunningService) -> Person:
    return service.person(uuid7())


@pytest.fixture
def bob(service: RunningService) -> Person:
    return service.person(uuid7())


@pytest.fixture
def uploader(ada: Person) -> Uploader:
    return Uploader(ada)
