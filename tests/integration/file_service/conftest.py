from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shared.ids import uuid7
from tests.integration.file_service.running_service import Person, RunningService, running_service
from tests.stores import DatabaseUrls

SMALL = {"FILE_MAX_BYTES": "1000000", "FILE_QUOTA_BYTES": "2000000", "FILE_STALL_SECONDS": "0.5"}


@pytest.fixture
async def service(file_database: DatabaseUrls, tmp_path: Path) -> AsyncIterator[RunningService]:
    """With the limits that it has by default."""
    async with running_service(file_database, tmp_path) as running:
        yield running


@pytest.fixture
async def small_service(file_database: DatabaseUrls, tmp_path: Path) -> AsyncIterator[RunningService]:
    """1 MB a file, 2 MB a person, and half a second of patience."""
    async with running_service(file_database, tmp_path, SMALL) as running:
        yield running


@pytest.fixture
def ada(service: RunningService) -> Person:
    return service.person(uuid7())


@pytest.fixture
def bob(service: RunningService) -> Person:
    return service.person(uuid7())
