"""A Valkey Cluster on this machine: three primaries, and a replica of each."""

import os
import signal
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from redis import asyncio as aioredis
from redis.exceptions import RedisError

from deploy.local.binaries import valkey_server
from gateway.valkey.slots import slot_of
from tests.ports import free_port
from tests.waiting import eventually

PASSWORD = "for-tests-only"
_SLOTS = 16384
_PRIMARIES = 3
_PATIENCE = 60.0  # seconds; electing takes some on a busy machine


@dataclass
class Node:
    """`kill` ends it at once; `stop` freezes it, `go_on` thaws it."""

    folder: Path
    port: int
    bus: int
    process: subprocess.Popen[bytes]
    client: "aioredis.Redis"

    async def say(self, *words: bytes | str | int) -> Any:
        return await self.client.execute_command(*words)  # type: ignore[no-untyped-call]  # redis-py's

    async def identity(self) -> str:
        return str((await self.say("CLUSTER", "MYID")).decode())

    def stop(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@dataclass
class Cluster:
    primaries: Sequence[Node]
    replicas: Sequence[Node]

    @property
    def url(self) -> str:
        return f"redis+cluster://:{PASSWORD}@" + ",".join(f"127.0.0.1:{node.port}" for node in self.primaries)

    def home(self, key: bytes) -> Node:
        """Return who served the key when all began."""
        return self.primaries[slot_of(key) * _PRIMARIES // _SLOTS]

    async def is_whole(self) -> bool:
        return all([await _is_whole(node) for node in (*self.primaries, *self.replicas)])


def _start(folder: Path, port: int, bus: int) -> subprocess.Popen[bytes]:
    folder.mkdir(parents=True)
    settings = {
        "port": port, "cluster-port": bus, "bind": "127.0.0.1", "save": "", "requirepass": PASSWORD,
        "masterauth": PASSWORD, "repl-diskless-sync-delay": 0, "cluster-enabled": "yes", "cluster-node-timeout": 1000,
        "cluster-require-full-coverage": "no",
    }  # fmt: skip
    words = [word for name, value in settings.items() for word in (f"--{name}", str(value))]
    return subprocess.Popen([str(valkey_server(os.environ)), *words], cwd=folder, stdout=subprocess.DEVNULL)


@asynccontextmanager
async def _running(folder: Path) -> AsyncIterator[Node]:
    port, bus = free_port(), free_port()
    process = _start(folder, port, bus)
    client: aioredis.Redis = aioredis.Redis(port=port, password=PASSWORD)
    try:
        await eventually(lambda: _answers(client))
        yield Node(folder, port, bus, process, client)
    finally:
        await client.aclose()
        process.send_signal(signal.SIGCONT)
        process.kill()
        process.wait()


async def _is_whole(node: Node) -> bool:
    told = await node.client.info("replication")
    linked = told["role"] == "master" or told["master_link_status"] == "up"
    return linked and b"cluster_state:ok" in await node.say("CLUSTER", "INFO")


async def _answers(client: "aioredis.Redis") -> bool:
    try:
        return bool(await client.ping())
    except RedisError:
        return False


@asynccontextmanager
async def running_cluster(folder: Path) -> AsyncIterator[Cluster]:
    async with AsyncExitStack() as stack:
        nodes = [await stack.enter_async_context(_running(folder / str(i))) for i in range(2 * _PRIMARIES)]
        cluster = Cluster(nodes[:_PRIMARIES], nodes[_PRIMARIES:])
        await _join(cluster)
        await eventually(cluster.is_whole, within=_PATIENCE)
        yield cluster


async def _join(cluster: Cluster) -> None:
    first = cluster.primaries[0]
    for i, node in enumerate(cluster.primaries):
        from_, to = -(-i * _SLOTS // _PRIMARIES), -(-(i + 1) * _SLOTS // _PRIMARIES) - 1
        await node.say("CLUSTER", "ADDSLOTSRANGE", from_, to)
    for node in (*cluster.primaries[1:], *cluster.replicas):
        await node.say("CLUSTER", "MEET", "127.0.0.1", first.port, first.bus)
    for primary, replica in zip(cluster.primaries, cluster.replicas, strict=True):
        await eventually(partial(_knows, replica, primary), within=_PATIENCE)
        await replica.say("CLUSTER", "REPLICATE", await primary.identity())


async def _knows(one: Node, other: Node) -> bool:
    return (await other.identity()).encode() in await one.say("CLUSTER", "NODES")
