"""Storage of each kind, over a real folder and real servers, which start once for all tests that want them.

s3_server     session   S3Server
azure_server  session   AzureServer
storage       function  a Storage, empty: each test that asks for it runs on every kind, on S3 by
                        `make test-s3` alone, on Azure by `make test-azure`
local         function  LocalStorage alone; its folder is `tmp_path`
objects       function  ObjectStorage alone, under a prefix of its own
database      function  a Database of file_service's, empty
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from file_service.storage.contract import Storage, new_key
from file_service.storage.local import LocalStorage, open_local_storage
from file_service.storage.object_store import ObjectStorage
from shared.db import Database, open_database
from shared.errors import Unavailable
from shared.settings import DatabaseSettings, Secret
from tests.azure_server import AzureServer, running_azure_server
from tests.groups import keep_together
from tests.integration.file_service.storage.opening import chunks_of, open_either, open_objects
from tests.s3_server import S3Server, running_s3_server
from tests.stores import DatabaseUrls
from tests.waiting import eventually


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """Its first write takes longer than ours may: it makes room for it then. Tests' own loop may run already."""
    with running_s3_server() as server, ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, _first_write(server, tmp_path_factory.mktemp("s3"))).result()
        yield server


async def _first_write(server: S3Server, folder: Path) -> None:
    async def is_done() -> bool:
        async with open_objects(server, folder) as storage:
            with suppress(Unavailable):
                await storage.write(new_key(), chunks_of(b"the first"))
                return True
        return False

    await eventually(is_done, within=60.0)


@pytest.fixture
async def local(tmp_path: Path) -> AsyncIterator[LocalStorage]:
    async with open_local_storage(tmp_path) as opened:
        yield opened


@pytest.fixture
async def objects(s3_server: S3Server, tmp_path: Path) -> AsyncIterator[ObjectStorage]:
    async with open_objects(s3_server, tmp_path) as opened:
        yield opened


@pytest.fixture(scope="session")
def azure_server() -> Iterator[AzureServer]:
    with running_azure_server("files") as server:
        yield server


_KINDS = ["folder", *(pytest.param(kind, marks=getattr(pytest.mark, kind)) for kind in ("s3", "azure"))]


@pytest.fixture(params=_KINDS)
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
