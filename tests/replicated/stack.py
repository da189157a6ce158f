"""The whole product with several replicas of every program, each a process by itself, on stores of its own.

    async with replicated(folder) as stack:
        await stack.replica("auth_service", 1).kill()

Clients use `stack.url`, a balancer in front of the gateways. The gateways know all instances of each service; private
ports are reached through a balancer too, as the documentation asks for. Everything ends with the block.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from deploy.local.environments import PROGRAMS
from deploy.roles import SCHEMAS
from tests.ports import free_port
from tests.replicated.balancer import Balancer, Target
from tests.replicated.process import Process
from tests.replicated.replica import Replica, Source
from tests.replicated.stores import PostgresServer, ValkeyServer, postgres_of, valkey_of
from tests.replicated.watch import Watch
from tests.stores import ROOT
from tests.waiting import eventually

SERVICES = tuple(SCHEMAS)
_URLS = {"auth_service": "AUTH", "user_service": "USER", "file_service": "FILE"}
_COMMON = {"DRAIN_SECONDS": "1", "DATABASE_POOL_SIZE": "8", "BCRYPT_COST": "4"}


@dataclass(frozen=True)
class Options:
    """`environ` goes to every program, `environs` to that of the name."""

    source: Source = field(default_factory=Source)
    replicas: int = 2
    environ: Mapping[str, str] = field(default_factory=dict)
    environs: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass
class ReplicatedStack:
    """`inner` leads to the private ports of each service, by its name.

    `networks` lead to each service's replicas, by their names: gateways are told of them by `environ_of_networks`.
    """

    folder: Path
    plan: Mapping[str, Any]
    options: Options
    front: Balancer
    inner: Mapping[str, Balancer]
    networks: Mapping[str, Balancer]
    replicas: Sequence[Replica]
    watch: Watch
    postgres: PostgresServer
    valkey: ValkeyServer

    @property
    def url(self) -> str:
        return self.front.url

    def of(self, program: str) -> list[Replica]:
        return [replica for replica in self.replicas if replica.program == program]

    def replica(self, program: str, number: int) -> Replica:
        """Return one of them; the first is number 1."""
        return self.of(program)[number - 1]

    @property
    def environ_of_networks(self) -> dict[str, str]:
        """What has a gateway reach each instance of a service by a network of its own."""
        return _urls({name: network.url for name, network in self.networks.items()})

    @property
    def environ_without_networks(self) -> dict[str, str]:
        return _urls({each.name: each.url for each in self.replicas})

    async def all_ready(self) -> bool:
        return all(await asyncio.gather(*(replica.ready() for replica in self.replicas)))

    async def migrate(self, source: Source | None = None) -> None:
        """Make the roles and bring all schemas to what that release has."""
        source = source or self.options.source
        await self._command(source, "roles", "deploy.roles", environ=self.plan["roles"])
        for service in SERVICES:
            await self._command(source, service, service, "migrate", environ=self.plan["migrating"][service])

    async def _command(self, source: Source, name: str, *module: str, environ: Mapping[str, str]) -> None:
        log = self.folder / "logs" / f"{name}-command.log"
        told = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", **environ}
        await Process(name, [source.python, "-m", *module], told, log, source.tree).run()

    async def start(self) -> None:
        await asyncio.gather(self.postgres.serve(), self.valkey.serve())
        await self.migrate()
        await asyncio.gather(*(replica.serve() for replica in self.replicas))

        async def seen() -> bool:
            return self.watch.all_ready

        await eventually(seen)


@asynccontextmanager
async def replicated(folder: Path, options: Options | None = None) -> AsyncIterator[ReplicatedStack]:
    """Run it on `folder`, which whoever PostgreSQL runs as must be able to pass (tests.e2e.stack.state_folder)."""
    async with AsyncExitStack() as exits:
        stack = await _build(folder, options or Options())
        for process in (stack.postgres, stack.valkey, *stack.replicas):
            exits.callback(process.end_at_once)
        for balancer in (stack.front, *stack.inner.values(), *stack.networks.values()):
            await exits.enter_async_context(balancer.listening())
        await exits.enter_async_context(stack.watch.watching())
        await stack.start()
        yield stack


async def _build(folder: Path, options: Options) -> ReplicatedStack:
    front_port = free_port()
    plan = await _prepare(folder, f"http://127.0.0.1:{front_port}")
    logs = folder / "logs"
    replicas = [_replica(program, number + 1, logs) for program in PROGRAMS for number in range(options.replicas)]
    watch = Watch(replicas)

    def targets(program: str, port: str) -> list[Target]:
        chosen = [each for each in replicas if each.program == program]
        return [Target(getattr(each, port), partial(watch.is_ready, each.name)) for each in chosen]

    services = [each for each in replicas if each.program != "gateway"]
    stack = ReplicatedStack(
        folder=folder,
        plan=plan,
        options=options,
        front=Balancer(targets("gateway", "port"), front_port),
        inner={service: Balancer(targets(service, "private_port")) for service in SERVICES},
        networks={each.name: Balancer([Target(each.port)]) for each in services},
        replicas=replicas,
        watch=watch,
        postgres=postgres_of(plan, logs),
        valkey=valkey_of(plan, logs),
    )
    for replica in replicas:
        replica.use(options.source, _environ(stack, replica))
    return stack


def _replica(program: str, number: int, logs: Path) -> Replica:
    name = f"{program}-{number}"
    return Replica(name, (), {}, logs / f"{name}.err", program=program, port=free_port(), private_port=free_port())


def _environ(stack: ReplicatedStack, replica: Replica) -> dict[str, str]:
    """What the launcher would tell the program, but for its ports, its log, and where the others are."""
    places = {f"{_URLS[service]}_INTERNAL_URL": stack.inner[service].url for service in SERVICES}
    return {
        **stack.plan["programs"][replica.program],
        **places,
        **stack.environ_without_networks,
        **_COMMON,
        "PORT": str(replica.port),
        "PRIVATE_PORT": str(replica.private_port),
        "LOG_FILE": str(replica.log.with_suffix(".log")),
        **stack.options.environ,
        **stack.options.environs.get(replica.program, {}),
    }


async def _prepare(folder: Path, public_url: str) -> dict[str, Any]:
    command = (sys.executable, "-m", "tests.replicated.prepare", str(folder), public_url)
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    said, _ = await process.communicate()
    assert process.returncode == 0, "the installation couldn't be made"
    plan: dict[str, Any] = json.loads(said)
    return plan


def _urls(replicas: Mapping[str, str]) -> dict[str, str]:
    """Return which instances each service has, as gateways are told; `replicas` are URLs by name."""
    return {
        f"{variable}_URL": ",".join(url for name, url in replicas.items() if name.startswith(service))
        for service, variable in _URLS.items()
    }
