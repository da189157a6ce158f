"""An installation of two replicas of everything but the stores, which are restarted in turn as an operator would."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

import aiohttp

from deploy.local.environments import PROGRAMS
from deploy.local.settings import read_settings
from deploy.local.stack import Stack
from deploy.local.state import State, write_atomically
from deploy.originals import Originals
from deploy.roles import DATABASE, SCHEMAS
from gateway.settings import BUILT_IN
from tests.ports import free_port
from tests.stores import ROOT, StoreUrls
from tests.waiting import eventually

SERVICES = PROGRAMS[1:]
_QUICK = {"BCRYPT_COST": "4", "DRAIN_SECONDS": "1"}
_LOOPBACK = "127.0.0.1"


@dataclass
class Replica:
    """One process of a program. A balancer sends no new requests where `serving` is false."""

    program: str
    number: int
    port: int
    private_port: int
    process: subprocess.Popen[bytes] | None = None
    serving: bool = False

    @property
    def url(self) -> str:
        return f"http://{_LOOPBACK}:{self.port}"

    @property
    def private(self) -> str:
        return f"http://{_LOOPBACK}:{self.private_port}"


@dataclass
class Installation:
    """`folder` keeps the originals of all secrets, in `secrets/`, as make run and the compose stack do."""

    folder: Path
    stores: StoreUrls
    routes: Path
    restarts: int = 0
    replicas: dict[str, list[Replica]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.replicas = {
            program: [Replica(program, number, free_port(), free_port()) for number in (1, 2)] for program in PROGRAMS
        }
        gateway = self.replicas["gateway"][0]
        environ = {"STATE_DIR": str(self.folder), "PORT": str(gateway.port % 60_000), "PUBLIC_URL": gateway.url}
        self.state = State(self.folder)
        self._stack = Stack(read_settings({**environ, "ROUTES_FILE": str(self.routes), **_QUICK}), self.state, print)
        self.originals = Originals(self.state.secrets)

    def read(self, name: str) -> str:
        return self.originals.password(name)

    def write(self, name: str, content: str) -> None:
        write_atomically(self.state.secrets / name, content.encode())

    def url_of(self, role: str, password: str) -> str:
        """Return the DSN of a role with a password that it has, had or will have."""
        return self._stack.postgres.url(role, password, "postgres" if role == "postgres" else DATABASE)

    async def set_up(self) -> None:
        """Make the roles with the passwords of the originals: what is first in each counts."""
        passwords = {f"{role.upper()}_PASSWORD": self.originals.passwords(role)[0] for role in roles()}
        await _run("deploy.roles", {"DATABASE_ADMIN_URL": self.url_of("postgres", self.read("postgres")), **passwords})

    async def migrate(self) -> None:
        for service, schema in SCHEMAS.items():
            owner = self.url_of(f"{schema}_owner", self.originals.passwords(f"{schema}_owner")[0])
            await _run(service, {"DATABASE_OWNER_URL": owner}, "migrate")

    def environ(self, replica: Replica) -> dict[str, str]:
        """Return what a replica is told when it is started now."""
        told = self._stack.environment(replica.program) | {
            "SOCKET": "",  # of two replicas each listens on a port of its own
            "PORT": str(replica.port),
            "PRIVATE_PORT": str(replica.private_port),
            "AUTH_INTERNAL_URL": self.replicas["auth_service"][0].private,
            "USER_INTERNAL_URL": self.replicas["user_service"][0].private,
            "FILE_INTERNAL_URL": self.replicas["file_service"][0].private,
            "LOG_FILE": str(self._log(replica)),
            "DATABASE_TIMEOUT": "20",  # on a machine with more to do, too
        }
        everywhere = {BUILT_IN[name][0]: ",".join(each.url for each in self.replicas[name]) for name in SERVICES}
        return told | everywhere if replica.program == "gateway" else told

    async def roll(self, *programs: str) -> None:
        """Start the replicas of these programs anew, one after the other."""
        for replica in (each for program in programs for each in self.replicas[program]):
            await self.stop(replica)
            await self.start(replica)
            self.restarts += 1

    async def start(self, replica: Replica) -> None:
        replica.process = subprocess.Popen(  # noqa: ASYNC220  that takes a moment, and nobody waits for its pipes
            [sys.executable, "-m", replica.program], cwd=ROOT, env=self.environ(replica), stdout=subprocess.DEVNULL
        )
        async with aiohttp.ClientSession() as session:
            await eventually(lambda: _is_ready(session, replica), within=60)
        replica.serving = True

    async def stop(self, replica: Replica) -> None:
        replica.serving = False
        if replica.process is not None:
            replica.process.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(replica.process.wait, 30) == 0

    def log_of(self, replica: Replica) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._log(replica).read_text(encoding="utf-8").splitlines()]

    def _log(self, replica: Replica) -> Path:
        return self.state.logs / f"{replica.program}-{replica.number}.log"


def roles() -> list[str]:
    return [f"{schema}_{role}" for schema in SCHEMAS.values() for role in ("owner", "runtime")]


@asynccontextmanager
async def serving(installation: Installation) -> AsyncIterator[None]:
    every = [each for program in (*SERVICES, "gateway") for each in installation.replicas[program]]
    try:
        await installation.set_up()
        await installation.migrate()
        for replica in every:
            await installation.start(replica)
        yield
    finally:
        for replica in every:
            if replica.process is not None and replica.process.poll() is None:
                replica.process.kill()
                replica.process.wait()


async def _is_ready(session: aiohttp.ClientSession, replica: Replica) -> bool:
    assert replica.process is not None
    assert replica.process.poll() is None, f"{replica.program} ended: {replica.process.returncode}"
    with suppress(aiohttp.ClientError):
        async with session.get(f"{replica.private}/readyz") as answer:
            return answer.status == HTTPStatus.OK
    return False


async def _run(module: str, environ: Mapping[str, str], *arguments: str) -> None:
    """Run a one-shot job to its end."""
    command = [sys.executable, "-m", module, *arguments]
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env={"PATH": os.defpath, **environ})
    assert await process.wait() == 0, f"{module} failed"
