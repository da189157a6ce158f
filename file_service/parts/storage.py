"""Opens the storage that the settings name."""

import importlib
from contextlib import AbstractAsyncContextManager

from file_service.storage.contract import Storage
from file_service.storage.local import open_local_storage
from file_service.storage_settings import StorageSettings


def open_storage(settings: StorageSettings) -> AbstractAsyncContextManager[Storage]:
    """Raises OSError or ValueError, on entering, when it can't be used at all; an object store may still be away."""
    if settings.bucket is None:
        assert settings.root is not None  # the settings were checked
        return open_local_storage(settings.root)
    # Imported here alone: whoever stores in a folder doesn't pay 15 MB for the library.
    module = importlib.import_module("file_service.storage.object_store")
    opened: AbstractAsyncContextManager[Storage] = module.open_object_storage(settings.bucket)
    return opened
