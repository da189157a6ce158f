"""R1: each instance of a service is restarted in turn under a stream of requests, and none of them fails."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, Process
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from tests.integration.gateway.conftest import ready
from tests.integration.gateway.running_gateway import RunningGateway, run_gateway
from tests.ports import free_port
from tests.stores import ROOT
from tests.waiting import eventually

DRAIN = "1"  # seconds; longer than the gateway relies on a connection that lay idle


class Instances:
    """Processes of one service, by port."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports = [free_port() for _ in range(2)]
        self._private = [free_port() for _ in range(2)]
        self._processes: dict[int, Process] = {}

    @property
    def urls(self) -> str:
        return ",".join(f"http://127.0.0.1:{port}" for port in self.ports)

    async def start(self, number: int) -> None:
        environ = {
            "PATH": os.environ["PATH"],
            "PORT": str(self.ports[number]),
            "PRIVATE_PORT": str(self._private[number]),
            "TRUST_FILE": str(self.folder / "trust.json"),
            "DRAIN_SECONDS": DRAIN,
        }
        self._processes[number] = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.integration.gateway.counting_service", env=environ, cwd=ROOT, stdout=DEVNULL
        )
        await eventually(lambda: self._is_ready(number))

    async def _is_ready(self, number: int) -> bool:
        url = f"http://127.0.0.1:{self._private[number]}/readyz"
        try:
            async with aiohttp.ClientSession() as client, client.get(url) as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False

    async def restart(self, number: int) -> None:
        await self.end(number, signal.SIGTERM)
        await self.start(number)

    async def end(self, number: int, how: signal.Signals) -> None:
        process = self._processes.pop(number)
        process.send_signal(how)
        await process.wait()

    async def close(self) -> None:
        for number in tuple(self._processes):
            await self.end(number, signal.SIGKILL)


class Stream:
    """Callers that ask without a pause, and what they were told."""

    def __init__(self, gateway: RunningGateway) -> None:
        self._gateway = gateway
        self.told: Counter[tuple[str, int, str]] = Counter()
        self.processes: list[int] = []
        self._ended = False

    async def call(self, method: str, pause: float) -> None:
        while not self._ended:
            async with self._gateway.client.request(method, f"{self._gateway.url}/open") as answer:
                document = await answer.json()
                self.told[method, answer.status, document.get("code", "")] += 1
                self.processes.append(document.get("process", 0))
            await asyncio.sleep(pause)

    @asynccontextmanager
    async def running(self, pauses: dict[str, list[float]]) -> AsyncIterator[None]:
        calls = [asyncio.create_task(self.call(method, pause)) for method in pauses for pause in pauses[method]]
        try:
            yield
        finally:
            self._ended = True
            await asyncio.gather(*calls)

    async def reaches(self, processes: int) -> None:
        """Wait until so many processes have answered of late."""
        start = len(self.processes)

        async def answered() -> bool:
            return len(set(self.processes[start:])) >= processes

        await eventually(answered)


@pytest.mark.parametrize(
    "pauses",
    [
        pytest.param({"GET": [0.01] * 4, "POST": [0.01] * 4, "PATCH": [0.01] * 4}, id="many requests"),
        pytest.param({"POST": [0.7, 0.9, 1.1]}, id="few requests, none repeatable"),
    ],
)
async def test_rolling_restart_fails_no_request(
    pauses: dict[str, list[float]], tmp_path: Path, valkey_url: str
) -> None:
    """R1: POSTs included, be they many or so few that connections lie idle in between."""
    instances = Instances(tmp_path)
    async with run_gateway(tmp_path, valkey_url, USER_URL=instances.urls) as gateway:
        await ready(gateway)
        try:
            for number in range(2):
                await instances.start(number)
            stream = Stream(gateway)
            async with stream.running(pauses):
                for number in (0, 1):
                    await stream.reaches(2)
                    await instances.restart(number)
                await stream.reaches(2)
        finally:
            await instances.close()
    assert {(status, code) for _, status, code in stream.told} == {(200, "")}, stream.told
    assert len(set(stream.processes)) == 4
