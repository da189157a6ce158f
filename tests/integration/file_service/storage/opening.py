"""Opens storage in a bucket, as the program does from its environment; and what tests do with any storage."""

import os
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from file_service.parts.storage import open_storage
from file_service.storage.contract import SHARDS, Storage, Stored, new_key
from file_service.storage.local import open_local_storage
from file_service.storage.object_store import ObjectStorage
from file_service.storage_settings import StorageSettings
from shared.settings import Env
from tests.azure_server import AzureServer
from tests.s3_server import S3Server


@asynccontextmanager
async def open_objects(server: S3Server | AzureServer, spool: Path, **environ: str) -> AsyncIterator[ObjectStorage]:
    """Under a prefix of its own: a bucket takes this server longer."""
    ours = server.environ("files", f"tests/{secrets.token_hex(8)}")
    env = Env({"FILES_SPOOL": str(spool), "FILES_STORAGE_TIMEOUT": "2", **ours, **environ})
    settings = StorageSettings.from_env(env)
    env.check()
    async with open_storage(settings) as opened:
        assert isinstance(opened, ObjectStorage)
        yield opened


def open_either(request: pytest.FixtureRequest, folder: Path) -> AbstractAsyncContextManager[Storage]:
    """As the parameter of a fixture says."""
    if request.param == "folder":
        return open_local_storage(folder)
    return open_objects(request.getfixturevalue(f"{request.param}_server"), folder)


async def chunks_of(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def put(storage: Storage, content: bytes) -> str:
    key = new_key()
    await storage.write(key, chunks_of(content))
    return key


async def read(storage: Storage, key: str) -> bytes:
    async with storage.open(key) as blob:
        return b"".join([chunk async for chunk in blob.read(0, blob.size)])


async def listed(storage: Storage) -> Sequence[Stored]:
    return [each for shard in SHARDS for each in await storage.list_shard(shard)]


def random_pieces(size: int, piece: int = 50_000) -> list[bytes]:
    content = os.urandom(size)
    return [content[at : at + piece] for at in range(0, size, piece)]
