"""When a gateway begins to take connections, for those in front that find it by its name alone."""

import asyncio
import itertools
from pathlib import Path

from tests.fault_proxy import fault_proxy
from tests.integration.gateway.running_gateway import auth_service, run_gateway
from tests.ports import free_port
from tests.unit.gateway.authentication.auth_feed import AuthFeed


async def test_one_that_waits_lets_in_the_first_who_comes(tmp_path: Path, valkey_url: str) -> None:
    attempts = itertools.count()
    async with auth_service(AuthFeed(), {}) as url, fault_proxy(url) as slow_to_come:
        slow_to_come.fault = lambda _line: "503" if next(attempts) < 3 else ""
        async with (
            run_gateway(tmp_path, valkey_url, LISTEN_WAIT_SECONDS="20", AUTH_INTERNAL_URL=slow_to_come.url) as running,
            running.client.get(f"{running.url}/mine/x", headers=running.bearer()) as answer,
        ):
            assert answer.status == 200


async def test_it_waits_no_longer_than_it_was_told(tmp_path: Path, valkey_url: str) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    async with (
        asyncio.timeout(20),
        run_gateway(tmp_path, valkey_url, LISTEN_WAIT_SECONDS="0.1", AUTH_INTERNAL_URL=nobody) as running,
        running.client.get(f"{running.url}/open/x") as answer,
    ):
        assert answer.status == 200
