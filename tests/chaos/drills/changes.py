"""What operators do wrong, or at a bad moment: configuration, migrations, a log that nobody reads."""

import asyncio
import fcntl
import os
import shutil
import sys
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import asyncpg

from shared.migrate import migrate
from tests.chaos.checks.answers import too_slow
from tests.chaos.gateway_metrics import metric
from tests.chaos.scene import Scene
from tests.replicated.process import Process
from tests.stores import ROOT
from tests.waiting import eventually

_BACK = 2.0  # seconds
_WHILE = 3.0  # seconds
_BAD_SETTINGS = 2  # the exit status of a program that is told nonsense
_SLOW = 3.0  # seconds, on a busy machine: a lock is waited for two
_PIPE = 4096  # bytes: a few log lines fill it


async def spoil_configuration(scene: Scene) -> None:
    """R12: a bad route file is refused with its line, a bad setting by its name; what runs goes on."""
    gateways = scene.stack.of("gateway")
    routes = Path(gateways[0].environ["ROUTES_FILE"])
    good = await asyncio.to_thread(routes.read_text, encoding="utf-8")
    line = good.count("\n") + 1
    _replace(routes, f"{good}[limits.broken\n")
    try:
        for gateway in gateways:
            await eventually(partial(_was_refused, gateway.log.with_suffix(".log"), line))
        await scene.load(_WHILE)
    finally:
        _replace(routes, good)
    await _start_badly(scene)
    scene.over = time.monotonic()
    await scene.recovered(_BACK)


def _replace(path: Path, text: str) -> None:
    new = path.with_suffix(".new")
    new.write_text(text, encoding="utf-8")
    new.replace(path)


async def _was_refused(log: Path, line: int) -> bool:
    lines = (await asyncio.to_thread(log.read_text)).splitlines()
    return any("routes_refused" in each and f"line {line}" in each for each in lines)


async def _start_badly(scene: Scene) -> None:
    environ = {**scene.stack.of("user_service")[0].environ, "DATABASE_TIMEOUT": "soon"}
    command = [sys.executable, "-m", "user_service"]
    program = Process("badly set", command, environ, scene.stack.folder / "logs" / "bad.err", ROOT)
    program.start()
    status = await program.end_by_itself()
    said = program.log.read_text()
    scene.demand(status == _BAD_SETTINGS and "DATABASE_TIMEOUT" in said, f"a bad setting: status {status}, {said}")


async def migrate_under_load(scene: Scene) -> None:
    """R13: a migration that can't have its lock gives up before anybody fails for it, and passes later."""
    folder = scene.stack.folder / "migrations"
    shutil.copytree(ROOT / "user_service" / "migrations", folder, dirs_exist_ok=True)
    version = len(list(folder.glob("*.sql"))) + 1
    (folder / f"{version:04}_drill.sql").write_text("alter table users.profile add column drill integer default 1;\n")
    owner_url = scene.stack.plan["migrating"]["user_service"]["DATABASE_OWNER_URL"]
    connection = await asyncpg.connect(scene.stack.plan["admin_url"], database="colonnade")
    try:
        await _migrate_in_the_way(scene, connection, partial(migrate, owner_url, "users", folder))
        await scene.load(_WHILE)
        scene.over = time.monotonic()
        await scene.recovered(_BACK)
        scene.findings += too_slow(scene.history.exchanges, _SLOW)
    finally:
        await connection.execute("set lock_timeout = '1s'; alter table users.profile drop column if exists drill")
        await connection.execute("delete from users.schema_migration where version = $1", version)
        await connection.close()


async def _migrate_in_the_way(
    scene: Scene, connection: "asyncpg.Connection[asyncpg.Record]", apply: Callable[[], Awaitable[list[str]]]
) -> None:
    """Migrate while a long read holds the table, behind which the migration would hold everybody else up."""
    async with connection.transaction():
        await connection.execute("lock table users.profile in access share mode")
        migration = asyncio.ensure_future(apply())
        await scene.load(_WHILE)
        scene.demand(
            not migration.done() or isinstance(migration.exception(), asyncpg.LockNotAvailableError),
            "a migration took a lock that was held",
        )
    try:
        await migration
    except asyncpg.LockNotAvailableError:  # it gave up: an operator runs it again
        await apply()


async def block_logs(scene: Scene) -> None:
    """R14: a pipe that nobody reads costs lines, and no request waits for it."""
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, _PIPE)
    replicas = [scene.stack.replica(program, 1) for program in ("gateway", "user_service")]
    try:
        for replica in replicas:
            replica.stdout = writing
            await replica.restart()
        since = time.monotonic()
        await scene.load(2 * _WHILE)
        blocked = scene.during(since, time.monotonic())
        scene.findings += too_slow(blocked, _SLOW)
        for replica in replicas:
            kept = await metric(replica, "log_lines_waiting") + await metric(replica, "log_lines_dropped_total")
            scene.demand(kept > 0, f"{replica.name}'s log went on, so nothing was tried")
            late = await metric(replica, "event_loop_lag_seconds_sum")
            scene.notes.append(f"{replica.name}: {late:.2f} s of loop lag in all, with its log blocked")
    finally:
        for replica in replicas:
            replica.stdout = None
            await replica.restart()
        os.close(writing)
        os.close(reading)
    scene.over = time.monotonic()
    await scene.recovered(_BACK)
