"""Storage of each kind, over a real folder and a real S3 server, which starts once for all tests that want it.

s3_server  session   S3Server
storage    function  a Storage, empty: each test that asks for it runs on every kind, on S3 by `make test-s3` alone
local      function  LocalStorage alone; its folder is `tmp_path`
objects    function  ObjectStorage alone, under a prefix of its own
database   function  a Database of file_service's, empty
"""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from file_service.storage.contract import Storage
from file_service.storage.local import LocalStorage, open_local_storage
from file_service.storage.object_store import ObjectStorage
from shared.db import Database, open_database
from shared.settings import DatabaseSettings, Secret
from tests.groups import keep_together
from tests.integration.file_service.storage.opening import open_either, open_objects
from tests.s3_server import S3Server, running_s3_server
from tests.stores import DatabaseUrls


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Server]:
    with running_s3_server() as server:
        yield server


@pytest.fixture
async def local(tmp_path: Path) -> AsyncIterator[LocalStorage]:
    async with open_local_storage(tmp_path) as opened:
        yield opened


@pytest.fixture
async def objects(s3_server: S3Server, tmp_path: Path) -> AsyncIterator[ObjectStorage]:
    async with open_objects(s3_server, tmp_path) as opened:
        yield opened


@pytest.fixture(params=["folder", pytest.param("s3", marks=pytest.mark.s3)])
async def storage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Storage]:
    async with open_either(request, tmp_path) as opened:
        yield opened


@pytest.fixture
async def database(file_database: DatabaseUrls) -> AsyncIterator[Database]:
    url = Secret(file_database.runtime)
    async with open_database(DatabaseSettings(url, url, pool_size=4, timeout=5.0)) as opened:
        yield opened


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Have one S3 server for all."""
    keep_together(config, items, lambda item: "s3" if Path(__file__).parent in item.path.parents else None)
