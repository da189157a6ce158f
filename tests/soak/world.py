"""The real gateway as a process, a Valkey and service instances that may be killed, and auth_service's feed."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from tests.integration.gateway.limits.conftest import OwnValkey
from tests.integration.gateway.running_gateway import TABLE, auth_service, route, write_keys
from tests.ports import free_port
from tests.soak.log_watch import LogWatch
from tests.stores import ROOT
from tests.unit.gateway.authentication.auth_feed import AuthFeed
from tests.unit.gateway.authentication.issuing import ISSUER, Issuer
from tests.waiting import eventually

INSTANCES = 3
_WIDE = ("10000 per minute", "1000000 per minute")
_DRAIN = "1"  # seconds
_PATIENCE = 30.0  # seconds, on a busy machine


@dataclass(slots=True)
class Instance:
    environ: dict[str, str]
    process: Process | None = None

    async def start(self) -> None:
        command = (sys.executable, "-m", "tests.soak.service")
        self.process = await asyncio.create_subprocess_exec(*command, env=self.environ, cwd=ROOT, stdout=DEVNULL)
        await eventually(lambda: answers(self.environ["PRIVATE_PORT"], "/readyz"), within=_PATIENCE)

    def tell(self, number: signal.Signals) -> None:
        if self.process is not None and self.process.returncode is None:
            self.process.send_signal(number)

    async def end(self, number: signal.Signals) -> None:
        if self.process is not None:
            self.tell(number)
            await self.process.wait()


@dataclass(frozen=True, slots=True)
class World:
    folder: Path
    issuer: Issuer
    valkey: OwnValkey
    instances: list[Instance]
    gateway: Process
    log: LogWatch
    port: int
    private_port: int

    def write_routes(self, text: str) -> None:
        (self.folder / "new.toml").write_text(text)
        (self.folder / "new.toml").replace(self.folder / "routes.toml")


def routes(remark: str = "") -> str:
    """Return the route file; `remark` makes it another one that means the same."""
    return TABLE.replace(*_WIDE).replace(route("mine", auth="user"), route("mine", auth="user", timeout=20)) + remark


async def answers(port: str, path: str) -> bool:
    try:
        async with aiohttp.ClientSession() as client, client.get(f"http://127.0.0.1:{port}{path}") as answer:
            return answer.status == 200
    except aiohttp.ClientError:
        return False


@asynccontextmanager
async def running_world(folder: Path) -> AsyncIterator[World]:
    issuer, feed = Issuer(), AuthFeed()
    async with AsyncExitStack() as stack:
        valkey = OwnValkey(folder)
        stack.callback(valkey.kill)
        auth = await stack.enter_async_context(auth_service(feed, {"document": issuer.jwks()}))
        keys = write_keys(folder)
        instances = [Instance(_instance_environ(keys["TRUST_FILE"])) for _ in range(INSTANCES)]
        for each in instances:
            stack.push_async_callback(each.end, signal.SIGKILL)
            await each.start()
        (folder / "routes.toml").write_text(routes())
        environ = keys | {
            **_ports(),
            "PATH": os.environ["PATH"],
            "PUBLIC_URL": ISSUER,
            "ROUTES_FILE": str(folder / "routes.toml"),
            "VALKEY_URL": valkey.url,
            "AUTH_URL": auth,
            "AUTH_INTERNAL_URL": auth,
            "USER_URL": ",".join(f"http://127.0.0.1:{each.environ['PORT']}" for each in instances),
            "LOG_FORMAT": "json",
            "DRAIN_SECONDS": _DRAIN,
        }
        gateway = await _start_gateway(stack, environ)
        log = LogWatch()
        await stack.enter_async_context(log.following(gateway))
        await eventually(lambda: answers(environ["PRIVATE_PORT"], "/readyz"), within=_PATIENCE)
        ports = int(environ["PORT"]), int(environ["PRIVATE_PORT"])
        yield World(folder, issuer, valkey, instances, gateway, log, *ports)


async def _start_gateway(stack: AsyncExitStack, environ: dict[str, str]) -> Process:
    command = (sys.executable, "-m", "gateway")
    gateway = await asyncio.create_subprocess_exec(*command, env=environ, cwd=ROOT, stdout=PIPE, stderr=PIPE)

    async def end() -> None:
        if gateway.returncode is None:
            gateway.kill()
            await gateway.wait()

    stack.push_async_callback(end)
    return gateway


def _instance_environ(trust_file: str) -> dict[str, str]:
    return _ports() | {"PATH": os.environ["PATH"], "TRUST_FILE": trust_file, "DRAIN_SECONDS": _DRAIN}


def _ports() -> dict[str, str]:
    return {"PORT": str(free_port()), "PRIVATE_PORT": str(free_port())}
