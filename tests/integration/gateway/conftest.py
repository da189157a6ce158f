from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from tests.integration.gateway.running_gateway import RunningGateway, run_gateway
from tests.waiting import eventually


@pytest.fixture
async def gateway(tmp_path: Path, valkey_url: str) -> AsyncIterator[RunningGateway]:
    """A gateway that is ready, with empty limits."""
    async with run_gateway(tmp_path, valkey_url, CORS_ORIGINS="https://app.example.org") as running:
        await ready(running)
        yield running


async def ready(running: RunningGateway) -> None:
    async def is_ready() -> bool:
        async with (
            aiohttp.ClientSession() as client,
            client.get(f"http://127.0.0.1:{running.private_port}/readyz") as answer,
        ):
            return answer.status == 200

    await eventually(is_ready)
