"""The machine: a disk that is full, and a clock that is wrong."""

import asyncio
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from deploy.local.environments import PROGRAMS
from tests.chaos.checks.sessions import Deaf
from tests.chaos.clients.caller import FILES as FILES_OF_PEOPLE
from tests.chaos.clients.caller import PROFILES
from tests.chaos.scene import Scene
from tests.replicated.replica import HOST, Replica
from tests.waiting import eventually

FILES, DATA = "files", "data"  # the disks: of stored bytes, and of the database and all logs
_FULL_FOR = 4.0  # seconds
_FILES_BACK, _DATABASE_BACK = 2.0, 5.0  # seconds
_NO_ROOM = frozenset({507})
_STORING = frozenset({"upload", "resumable"})
_SMALL, _LARGE = 30, 300  # seconds
_WHILE = 4.0  # seconds
_BACK = 5.0  # seconds


async def fill_files(scene: Scene) -> None:
    """F19: 507 to whoever stores, nothing to anybody else, and no row without its bytes."""
    since = time.monotonic()
    scene.disks[FILES].fill()
    await scene.load(_FULL_FOR)
    scene.disks[FILES].clear()
    scene.over = time.monotonic()
    await scene.recovered(_FILES_BACK)
    scene.excuse(since, scene.over + _FILES_BACK, _NO_ROOM, _STORING)
    refused = [each for each in scene.during(since, scene.over) if each.status in _NO_ROOM]
    scene.demand(bool(refused), "nobody was told that the disk is full")


async def fill_data(scene: Scene) -> None:
    """No room for the database and the logs: 503 to whoever writes, and all comes back when there is some."""
    since = time.monotonic()
    scene.disks[DATA].fill()
    await scene.load(_FULL_FOR)
    scene.disks[DATA].clear()
    if not scene.stack.postgres.alive:
        scene.notes.append("PostgreSQL ended for want of room, and was started again")
    await scene.stack.postgres.serve()
    scene.over = time.monotonic()
    await scene.recovered(_DATABASE_BACK)
    scene.excuse(since, scene.over + _DATABASE_BACK)
    scene.deaf.append(Deaf(since, scene.over + _DATABASE_BACK))


def faketime() -> Path | None:
    """Return Debian's library that lies about the time, if it is installed."""
    return next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)


async def shift_clocks(scene: Scene) -> None:
    """One replica of each program has a clock that is half a minute wrong, and nobody notices."""
    replicas = [scene.stack.replica(program, 2) for program in PROGRAMS]
    for seconds in (_SMALL, -_SMALL):
        for replica in replicas:
            await _restart_at(replica, seconds)
        await scene.load(_WHILE)
    for replica in replicas:
        await _restart_at(replica, 0)
    scene.over = time.monotonic()
    await scene.recovered(_BACK)


async def shift_clocks_far(scene: Scene) -> None:
    """Five minutes are too much: the replica's answers are 503, which cost nobody a session, and it is left alone.

    A gateway with such a clock never gets ready: auth_service doesn't believe it.
    """
    services = [scene.stack.replica(program, 2) for program in ("user_service", "file_service")]
    gateway = scene.stack.replica("gateway", 2)
    since = time.monotonic()
    for seconds in (_LARGE, -_LARGE):
        for replica in (gateway, *services):
            await replica.end()
            _set_clock(replica, seconds)
            replica.start()
        await eventually(partial(_all_listen, (gateway, *services)))
        await scene.load(_WHILE)
        scene.demand(not await gateway.ready(), f"a gateway whose clock is {seconds:+} s wrong is ready")
    for replica in (gateway, *services):
        await _restart_at(replica, 0)
    scene.over = time.monotonic()
    await scene.recovered(_BACK)
    scene.excuse(since, scene.over, kinds=PROFILES | FILES_OF_PEOPLE)


async def _restart_at(replica: Replica, seconds: int) -> None:
    """Restart it with a clock that is so many seconds ahead; 0 is right."""
    await replica.end()
    _set_clock(replica, seconds)
    await replica.serve()


def _set_clock(replica: Replica, seconds: int) -> None:
    library = str(faketime()) if seconds else ""
    replica.use(replica.source, {"LD_PRELOAD": library, "FAKETIME": f"{seconds:+}s", "DONT_FAKE_MONOTONIC": "1"})


async def _all_listen(replicas: Sequence[Replica]) -> bool:
    """Whether the public ports are open, be they ready or not."""
    for replica in replicas:
        try:
            _, writer = await asyncio.open_connection(HOST, replica.port)
        except OSError:
            return False
        writer.close()
    return True
