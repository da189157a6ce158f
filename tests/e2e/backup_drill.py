"""A stack that is backed up while people write to it, and another that is restored from that."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg

from deploy.local.binaries import postgres_bindir
from deploy.local.home import find_home
from deploy.local.postgres import SUPERUSER, Postgres
from deploy.local.state import State
from deploy.originals import Originals
from tests.e2e.history import History, Writer
from tests.e2e.stack import Stack, command, running_stack
from tests.e2e.visitor import Visitor
from tests.waiting import eventually

PASSPHRASE = "six words that nobody would guess"
_WRITERS = 3
_BEFORE, _AFTER = 8, 4  # acknowledged writes of each writer
backups = partial(command, BACKUP_PASSPHRASE=PASSPHRASE)


@dataclass
class Person:
    """A writer, and what was acknowledged to them before the backup began."""

    writer: Writer
    before: History


@dataclass
class Drill:
    """`ada` wrote nothing since; `tokens` and `key` are hers, of before. `told` is what the backup said."""

    source: Stack
    restored: Stack
    to: Path
    people: list[Person]
    ada: Visitor
    key: str
    told: str

    @property
    def states(self) -> tuple[Path, Path]:
        return self.source.state, self.restored.state


@asynccontextmanager
async def drill(source: Stack, folder: Path, unique: str) -> AsyncIterator[Drill]:
    """Back `source` up, restore that into `folder`, and run it."""
    async with AsyncExitStack() as stack:
        visitors = [await stack.enter_async_context(Visitor.at(source.url)) for _ in range(_WRITERS + 1)]
        for number, visitor in enumerate(visitors):
            assert (await visitor.register(f"drill-{number}-{unique}@example.org")).status == 201
        *writing, ada = visitors
        made = await ada.call("POST", "/v1/auth/api-keys", json={"name": "robot", "scopes": ["users:read"]})
        people, told = await _back_up(source, writing, folder / "backups")
        done = await asyncio.to_thread(backups, "restore", folder / "restored", str(folder / "backups"))
        assert done.returncode == 0, done.stderr
        restored = stack.enter_context(running_stack(folder / "restored"))
        yield Drill(source, restored, folder / "backups", people, ada, made.json()["key"], told)


async def _back_up(source: Stack, visitors: list[Visitor], to: Path) -> tuple[list[Person], str]:
    writers, stop = [Writer(visitor) for visitor in visitors], asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        for writer in writers:
            tasks.create_task(writer.write_until(stop))
        await progress(writers, _BEFORE)
        people = [Person(writer, deepcopy(writer.history)) for writer in writers]
        done = await asyncio.to_thread(backups, "backup", source.state, str(to))
        assert done.returncode == 0, done.stderr
        await progress(writers, _AFTER)
        stop.set()
    return people, done.stdout


async def progress(writers: list[Writer], more: int) -> None:
    """Wait until every writer has had so many more writes acknowledged."""
    goals = [writer.history.outcomes["done"] + more for writer in writers]

    async def reached() -> bool:
        return all(writer.history.outcomes["done"] >= goal for writer, goal in zip(writers, goals, strict=True))

    await eventually(reached)


@asynccontextmanager
async def visiting(person: Visitor, stack: Stack) -> AsyncIterator[Visitor]:
    """Lend the same person at another stack, signed in by the password that she has."""
    async with Visitor.at(stack.url) as visitor:
        visitor.email = person.email
        assert (await visitor.login()).status == 200
        yield visitor


async def ask(state: Path, sql: str) -> list[Any]:
    """Ask a running stack's database as its superuser."""
    home = find_home(State(state), postgres_bindir(os.environ))
    password = Originals(state / "secrets").password(SUPERUSER)
    connection = await asyncpg.connect(Postgres(home, state / "ask.log").url(SUPERUSER, password, "colonnade"))
    try:
        rows: list[Any] = await connection.fetch(sql)
    finally:
        await connection.close()
    return rows
