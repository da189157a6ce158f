from collections.abc import AsyncIterator

import pytest

from tests.unit.shared.web.small_service import SmallService, small_service


@pytest.fixture
async def service() -> AsyncIterator[SmallService]:
    async with small_service() as running:
        yield running
