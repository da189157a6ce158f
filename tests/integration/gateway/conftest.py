from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from tests.integration.gateway.raw_service import RawTalk, raw_server
from tests.integration.gateway.running_gateway import RunningGateway, run_gateway
from tests.waiting import eventually

FOREIGN_PAGES = {"CORS_ORIGINS": "https://app.example.org", "CORS_HEADERS": "X-My-Header", "CORS_EXPOSE": "X-Total"}


@pytest.fixture
async def gateway(tmp_path: Path, valkey_url: str) -> AsyncIterator[RunningGateway]:
    """A gateway that is ready, with empty limits."""
    async with run_gateway(tmp_path, valkey_url, **FOREIGN_PAGES) as running:
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


@asynccontextmanager
async def gateway_before(
    talk: RawTalk, folder: Path, valkey_url: str, socket: Path | None = None
) -> AsyncIterator[RunningGateway]:
    """Run a gateway that is ready, whose user_service serves each connection with `talk`, at `socket` if given."""
    async with raw_server(talk, socket) as url, run_gateway(folder, valkey_url, USER_URL=url) as gateway:
        await ready(gateway)
        yield gateway
