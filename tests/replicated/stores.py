"""PostgreSQL and Valkey of an installation, each a process that comes back on its data, or without any."""

import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import asyncpg
from redis import asyncio as aioredis
from redis.exceptions import RedisError

from tests.replicated.process import Process
from tests.waiting import eventually

_PATIENCE = 30.0  # seconds


class PostgresServer(Process):
    """A killed one leaves children that hold its memory for a moment: `return_` starts it until it stays."""

    admin_url: str = ""

    async def answers(self) -> bool:
        try:
            connection = await asyncpg.connect(self.admin_url, timeout=2)
        except (OSError, asyncpg.PostgresError, TimeoutError, asyncpg.InterfaceError):
            return False
        await connection.close()
        return True

    async def serve(self) -> None:
        """Start it, and return when it lets people in."""

        async def serves() -> bool:
            if not self.alive:
                self.start()
            return await self.answers()

        await eventually(serves, within=_PATIENCE)

    async def stop(self) -> None:
        await self.end(signal.SIGINT)

    def hold(self) -> None:
        """Hold the postmaster first, which then makes no new one, and every process of its own."""
        super().hold()
        for pid in _children(self.pid):
            os.kill(pid, signal.SIGSTOP)

    def go_on(self) -> None:
        for pid in _children(self.pid):
            os.kill(pid, signal.SIGCONT)
        super().go_on()


class ValkeyServer(Process):
    url: str = ""

    async def answers(self) -> bool:
        client = aioredis.from_url(self.url, socket_timeout=1)
        try:
            return bool(await client.ping())
        except (RedisError, OSError):
            return False
        finally:
            await client.aclose()

    async def serve(self) -> None:
        if not self.alive:
            self.start()
        await eventually(self.answers, within=_PATIENCE)

    async def flush(self) -> None:
        """Have it forget all, as one that was restarted does."""
        client = aioredis.from_url(self.url)
        try:
            await client.flushall()
        finally:
            await client.aclose()


def postgres_of(plan: Mapping[str, Any], logs: Path) -> PostgresServer:
    told = plan["postgres"]
    account = tuple(told["account"]) if told["account"] else None
    server = PostgresServer("postgres", told["command"], told["environ"], logs / "postgres.log", account=account)
    server.admin_url = plan["admin_url"]
    return server


def valkey_of(plan: Mapping[str, Any], logs: Path) -> ValkeyServer:
    told = plan["valkey"]
    environ = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}
    server = ValkeyServer("valkey", told["command"], environ, logs / "valkey.log", stdin=told["configuration"])
    server.url = told["url"]
    return server


def _children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]
