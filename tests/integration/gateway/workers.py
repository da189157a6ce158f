"""A gateway of several processes, started as people start it, and what a test wants to know of them."""

import asyncio
import json
import os
import signal
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from tests.integration.gateway import running_gateway
from tests.integration.gateway.test_program import process, variables
from tests.unit.gateway.authentication.auth_feed import AuthFeed
from tests.unit.gateway.authentication.issuing import Issuer
from tests.waiting import eventually


@dataclass(frozen=True, slots=True)
class Workers:
    environ: dict[str, str]
    supervisor: Process
    folder: Path
    client: aiohttp.ClientSession  # every request on a connection of its own, so that the kernel spreads them

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.environ['PORT']}"

    async def get(self, path: str) -> int:
        return await self.ask("GET", path)

    async def ask(self, method: str, path: str) -> int:
        async with self.client.request(method, f"{self.url}{path}") as answer:
            await answer.read()
            return answer.status

    async def private(self, path: str) -> tuple[int, str]:
        """Return status and body; status 0 while nobody answers."""
        try:
            async with self.client.get(f"http://127.0.0.1:{self.environ['PRIVATE_PORT']}{path}") as answer:
                return answer.status, await answer.text()
        except aiohttp.ClientError:
            return 0, ""

    async def is_ready(self) -> bool:
        return (await self.private("/readyz"))[0] == 200

    async def metric(self, sample: str, **labels: str) -> float:
        """Return the sum of all samples of that name that have these labels."""
        _, text = await self.private("/metrics")
        families = text_string_to_metric_families(text)
        found = [each for family in families for each in family.samples if each.name == sample]
        return sum(each.value for each in found if labels.items() <= each.labels.items())

    async def answered(self, route: str) -> float:
        return await self.metric("http_request_duration_seconds_count", route=route, status="200")

    def log(self, name: str) -> list[dict[str, Any]]:
        """Return what that process has logged; the names are worker_1, worker_2, ... and reporter."""
        file = self.folder / f"log-{name}.json"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    async def pid(self, name: str) -> int:
        """Return the process that last started under that name; its log may be a moment late."""

        async def started() -> list[int]:
            return [line["process.pid"] for line in self.log(name) if line["event.action"] == "started"]

        return (await eventually(started))[-1]

    async def kill(self, pid: int) -> None:
        """SIGKILL, and wait until the process is gone."""
        os.kill(pid, signal.SIGKILL)
        await eventually(lambda: has_ended(pid))


async def all_have_ended(pids: Sequence[int]) -> bool:
    return all([await has_ended(pid) for pid in pids])


async def has_ended(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return await _is_zombie(pid)  # whose parent is dead has nobody to reap it in some containers


async def _is_zombie(pid: int) -> bool:
    ps = await asyncio.create_subprocess_exec("ps", "-o", "stat=", "-p", str(pid), stdout=PIPE)
    said, _ = await ps.communicate()
    return said.strip().startswith(b"Z")


async def children_of(parent: int) -> list[int]:
    ps = await asyncio.create_subprocess_exec("ps", "-A", "-o", "pid=,ppid=", stdout=PIPE)
    said, _ = await ps.communicate()
    return [int(pid) for pid, of in (line.split() for line in said.splitlines()) if int(of) == parent]


async def end(supervisor: Process, children: Sequence[int]) -> None:
    """Stop what runs still, and kill whom a test that failed has left behind."""

    async def has_stopped() -> bool:  # unlike `wait`, it doesn't wait for all that nobody reads of what it said
        return supervisor.returncode is not None

    if supervisor.returncode is None:
        supervisor.terminate()
        with suppress(AssertionError):
            await eventually(has_stopped)
    for pid in children:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@asynccontextmanager
async def run_workers(
    folder: Path, valkey_url: str, program: str = "gateway", **changes: str
) -> AsyncIterator[Workers]:
    """Run two workers, or as many as `changes` say, behind which is an auth_service; return when all are ready."""
    issuer = Issuer()
    async with AsyncExitStack() as stack:
        auth = await stack.enter_async_context(running_gateway.auth_service(AuthFeed(), {"document": issuer.jwks()}))
        told = {"WORKERS": "2", "LOG_FILE": str(folder / "log.json"), "AUTH_URL": auth, "AUTH_INTERNAL_URL": auth}
        environ = variables(folder, valkey_url, **told | changes)
        started = await stack.enter_async_context(process(environ, program))
        connector = aiohttp.TCPConnector(force_close=True, limit=0)
        client = await stack.enter_async_context(aiohttp.ClientSession(connector=connector))
        workers = Workers(environ, started, folder, client)
        await eventually(workers.is_ready)
        stack.push_async_callback(end, started, await children_of(started.pid))
        yield workers
