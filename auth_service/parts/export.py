"""Composes the export of accounts: the one thing for which this program calls others."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp

from auth_service.service.export import Exporting
from auth_service.settings import NAME, Settings
from shared.db import Database
from shared.events.client import InternalClient
from shared.identity import Signer


@asynccontextmanager
async def open_exporting(settings: Settings, database: Database) -> AsyncIterator[Exporting]:
    """Raises ValueError or OSError unless the key can be read."""
    signer = Signer.from_file(NAME, settings.identity_key_file)
    async with aiohttp.ClientSession() as session:
        yield Exporting(
            database,
            InternalClient(session, signer, settings.user_internal_url, "user_service"),
            InternalClient(session, signer, settings.file_internal_url, "file_service"),
        )
