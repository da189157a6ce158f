"""The storage that the settings name, and the pass through it in the background."""

import importlib
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial

from file_service.scrub.schedule import AFTER, EVERY, scrub_when_due
from file_service.settings import Settings
from file_service.storage.contract import Storage
from file_service.storage.local import open_local_storage
from file_service.storage_settings import StorageSettings
from shared.db import Database
from shared.lifecycle import background


def open_storage(settings: StorageSettings) -> AbstractAsyncContextManager[Storage]:
    """Raises OSError or ValueError, on entering, when it can't be used at all; an object store may still be away."""
    if settings.bucket is None:
        assert settings.root is not None  # the settings were checked
        return open_local_storage(settings.root)
    # Imported here alone: whoever stores in a folder doesn't pay 15 MB for the library.
    module = importlib.import_module("file_service.storage.object_store")
    opened: AbstractAsyncContextManager[Storage] = module.open_object_storage(settings.bucket)
    return opened


@asynccontextmanager
async def scrubbing(settings: Settings, database: Database, storage: Storage) -> AsyncIterator[None]:
    """Look through the storage as often as the settings say; replicas take turns."""
    if not settings.scrub_days:
        yield
        return
    look = partial(scrub_when_due, database, storage, settings.scrub_days, settings.scrub_rate)
    async with background("scrub", look, every=EVERY, after=AFTER):
        yield
