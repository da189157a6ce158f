from collections.abc import AsyncIterator

import pytest

from shared.db import Database, DirectConnection, open_database
from tests.integration.shared.tables import connected, fresh_tables, settings_for
from tests.stores import StoreUrls


@pytest.fixture
async def url(stores: StoreUrls) -> AsyncIterator[str]:
    """A new database with the tables that shared/ works on."""
    async with fresh_tables(stores.postgres) as made:
        yield made


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    async with open_database(settings_for(url)) as opened:
        yield opened


@pytest.fixture
async def direct(url: str) -> AsyncIterator[DirectConnection]:
    """A connection beside the pool, for looking and for meddling."""
    async with connected(url) as connection:
        yield connection
