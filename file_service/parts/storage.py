"""The storage that the settings name, the way to it for clients, and the pass through it in the background."""

import importlib
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial

from aiohttp import web

from file_service.delivery.redirect import REDIRECTS, Redirects
from file_service.scrub.schedule import AFTER, EVERY, scrub_when_due
from file_service.settings import Settings
from file_service.storage.contract import Storage
from file_service.storage.heap import tune_heap
from file_service.storage.local import open_local_storage
from file_service.storage.presign import SigningKey
from file_service.storage_settings import StorageSettings
from shared.db import Database
from shared.lifecycle import background
from shared.serve import Apps
from shared.settings import Secret


def open_storage(settings: StorageSettings) -> AbstractAsyncContextManager[Storage]:
    """Raises OSError or ValueError, on entering, when it can't be used at all; an object store may still be away."""
    tune_heap()
    if settings.bucket is None:
        assert settings.root is not None  # the settings were checked
        return open_local_storage(settings.root)
    # Imported here alone: whoever stores in a folder doesn't pay 15 MB for the library.
    module = importlib.import_module("file_service.storage.object_store")
    opened: AbstractAsyncContextManager[Storage] = module.open_object_storage(settings.bucket)
    return opened


def add_redirects(apps: Apps, settings: StorageSettings, database: Database) -> None:
    """Have downloads come from the object store itself, where clients reach it."""
    bucket = settings.bucket
    if bucket is None or not bucket.public_endpoint:
        return
    options, nothing = bucket.options, Secret("")
    key = SigningKey(
        access_key_id=options["access_key_id"].reveal(),
        secret_access_key=options["secret_access_key"],
        token=options.get("session_token", nothing),
        region=options["region"].reveal(),
    )
    assert isinstance(apps.public, web.Application)
    apps.public[REDIRECTS] = Redirects(database, key, bucket.public_base)


@asynccontextmanager
async def scrubbing(settings: Settings, database: Database, storage: Storage) -> AsyncIterator[None]:
    """Look through the storage as often as the settings say; replicas take turns."""
    if not settings.scrub_days:
        yield
        return
    look = partial(scrub_when_due, database, storage, settings.scrub_days, settings.scrub_rate)
    async with background("scrub", look, every=EVERY, after=AFTER):
        yield
