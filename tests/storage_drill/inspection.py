"""Looks into the database and the storage of a running stack, past its programs."""

import asyncio
import os
import sys
from collections.abc import Mapping

import asyncpg

from deploy.local.settings import read_settings
from deploy.local.stack import Stack as Launched
from deploy.local.state import State
from file_service.parts.storage import open_storage
from file_service.storage.contract import SHARDS
from file_service.storage_settings import StorageSettings
from shared.settings import Env
from tests.e2e.stack import ROOT, Stack
from tests.waiting import eventually


class Inspector:
    """`environ` is what the stack was started with, beside what it has by itself."""

    def __init__(self, stack: Stack, environ: Mapping[str, str]) -> None:
        settings = read_settings({**os.environ, "STATE_DIR": str(stack.state), "PORT": str(stack.port), **environ})
        self._environment = Launched(settings, State(stack.state), print).environment("file_service")

    async def collect_unfinished(self) -> None:
        """Let hours pass for uploads that broke off, and wait until the collector has been there."""
        await self._fetch("update files.blob set due_at = now() where due_at is not null")

        async def collected() -> bool:
            return not await self._fetch("select from files.blob where due_at is not null limit 1")

        await eventually(collected, within=120)

    async def scrub(self) -> tuple[int, list[str]]:
        """Return its status and what it printed."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "file_service", "scrub", "--repair", "--grace", "0", "--rate", "1e9"),
            cwd=ROOT,
            env=self._environment,
            stdout=asyncio.subprocess.PIPE,
        )
        said, _ = await process.communicate()
        assert process.returncode is not None
        return process.returncode, said.decode().splitlines()

    async def strays(self) -> set[str]:
        """Return what lies in the storage, and nothing in the database knows of."""
        known = {row["storage_key"] for row in await self._fetch("select storage_key from files.blob")}
        settings = StorageSettings.from_env(Env(self._environment))
        async with open_storage(settings) as storage:
            return {each.name for shard in SHARDS for each in await storage.list_shard(shard)} - known

    async def _fetch(self, sql: str) -> list[asyncpg.Record]:
        connection = await asyncpg.connect(self._environment["DATABASE_URL"])
        try:
            return await connection.fetch(sql)
        finally:
            await connection.close()
