"""Real PostgreSQL and Valkey for tests; the fixtures over them, and what they promise, are in conftest.py."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg

from deploy.roles import SCHEMAS, RolePasswords, RolesSettings, set_up
from shared.migrate import migrate
from shared.settings import Secret
from tests.emptying import Pristine

ROOT = Path(__file__).resolve().parent.parent
PASSWORD = "for-tests-only"


@dataclass(frozen=True, slots=True)
class StoreUrls:
    """`postgres` is a superuser's."""

    postgres: str
    valkey: str


@dataclass(frozen=True, slots=True)
class DatabaseUrls:
    """One database by the role that connects: the service at work, its migrations, and a superuser.

    `runtime` leads through the pooler, if there is one; `direct` never does.
    """

    runtime: str
    direct: str
    owner: str
    admin: str


@contextmanager
def running_stores() -> Iterator[StoreUrls]:
    """Start both servers in a process of their own: the launcher's code forks, which suits no test runner."""
    folder = Path(tempfile.mkdtemp(prefix="colonnade-test-"))
    folder.chmod(0o711)  # run by root, PostgreSQL is somebody else
    try:
        with stores_in(folder) as urls:
            yield urls
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def stores_in(folder: Path, **environ: str) -> Iterator[StoreUrls]:
    command = [sys.executable, "-m", "deploy.local.stores", str(folder)]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=ROOT, env=os.environ | environ, **pipes) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        said = process.stdout.readline()
        assert said, "the stores didn't start; why is on standard error"
        yield StoreUrls(**json.loads(said))
        process.stdin.close()
        process.wait(timeout=30)


class Databases:
    """Clones each service's migrated template database, which is made on first use; what comes back is lent again."""

    def __init__(self, admin_url: str, pooler_url: str = "") -> None:
        self._admin_url = admin_url
        self._pooler_url = pooler_url or admin_url
        self._numbers = count(1)
        self._templates: dict[str, str] = {}
        self._pristine: dict[str, Pristine] = {}
        self._idle: dict[str, list[str]] = {}
        self._lock = asyncio.Lock()

    @asynccontextmanager
    async def clone(self, service: str) -> AsyncIterator[DatabaseUrls]:
        """Lend a database that is as if it had just been migrated."""
        idle, schema = self._idle.setdefault(service, []), SCHEMAS[service]
        name = idle.pop() if idle else await self._make(service)
        urls = self._urls(schema, name)
        try:
            yield urls
        finally:
            if await self._restore(service, urls):
                idle.append(name)
            else:
                await self._run(f"drop database {name} with (force)")

    async def _make(self, service: str) -> str:
        async with self._lock:
            template = self._templates.get(service) or await self._make_template(service)
        name = f"test_{next(self._numbers)}"
        schema = SCHEMAS[service]
        await self._run(
            f"create database {name} template {template} strategy file_copy",
            f"revoke all on database {name} from public",  # privileges on a database aren't cloned with it
            f"grant connect on database {name} to {schema}_owner, {schema}_runtime",
        )
        if service not in self._pristine:
            self._pristine[service] = await Pristine.read(self._urls(schema, name).admin, schema)
        return name

    async def _restore(self, service: str, urls: DatabaseUrls) -> bool:
        try:
            return await self._pristine[service].restore(urls.admin, SCHEMAS[service])
        except asyncpg.PostgresError:  # whatever a test did to it
            return False

    async def _make_template(self, service: str) -> str:
        name, schema = f"template_{service}", SCHEMAS[service]
        passwords = {each: RolePasswords(Secret(PASSWORD), Secret(PASSWORD)) for each in SCHEMAS.values()}
        await set_up(RolesSettings(Secret(self._admin_url), name, passwords))
        await migrate(self._urls(schema, name).owner, schema, ROOT / service / "migrations")
        self._templates[service] = name
        return name

    def _urls(self, schema: str, database: str) -> DatabaseUrls:
        def url(server: str, login: str) -> str:
            parts = urlsplit(server)
            netloc = f"{login}@{parts.netloc.rpartition('@')[2]}" if login else parts.netloc
            return parts._replace(netloc=netloc, path=f"/{database}").geturl()

        runtime = f"{schema}_runtime:{PASSWORD}"
        return DatabaseUrls(
            runtime=url(self._pooler_url, runtime),
            direct=url(self._admin_url, runtime),
            owner=url(self._admin_url, f"{schema}_owner:{PASSWORD}"),
            admin=url(self._admin_url, ""),
        )

    async def _run(self, *statements: str) -> None:
        connection = await asyncpg.connect(self._admin_url)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()
