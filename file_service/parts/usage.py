"""How full it is: all people's quotas together, and the disk that files lie on."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

from file_service.metrics import OWNERS, OWNERS_NEAR_QUOTA, STORAGE_FREE, STORAGE_SIZE, USED_BYTES
from file_service.repository.quota import usage_of_all
from file_service.settings import Settings
from shared.db import Database
from shared.lifecycle import background

_EVERY, _AFTER = 60.0, 2.0  # seconds; every owner's row is read
_DISK_EVERY = 15.0
_DISK = "files"


@asynccontextmanager
async def measuring_usage(settings: Settings, database: Database) -> AsyncIterator[None]:
    """Keep the metrics about it up to date. Of a bucket, how much room is left isn't known."""
    quotas = partial(measure_quotas, database, settings.quota_bytes)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(background("measure quotas", quotas, every=_EVERY, after=_AFTER))
        if settings.storage.root is not None:
            disk = partial(measure_disk, settings.storage.root)
            await stack.enter_async_context(background("measure the disk", disk, every=_DISK_EVERY))
        yield


async def measure_quotas(database: Database, quota: int) -> None:
    """Raises Unavailable."""
    usage = await usage_of_all(database, quota)
    USED_BYTES.set(usage.bytes)
    OWNERS.set(usage.owners)
    OWNERS_NEAR_QUOTA.set(usage.near)


async def measure_disk(root: Path) -> None:
    """In a thread, as a disk that hangs must not stop the event loop. Raises OSError."""
    usage = await asyncio.to_thread(shutil.disk_usage, root)
    STORAGE_FREE.labels(_DISK).set(usage.free)
    STORAGE_SIZE.labels(_DISK).set(usage.total)
