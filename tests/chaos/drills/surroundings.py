"""The machine: a disk that is full, and a clock that is wrong."""

import time
from collections import Counter
from pathlib import Path

from deploy.local.environments import PROGRAMS
from tests.chaos.checks.sessions import Deaf
from tests.chaos.scene import Scene

FILES, DATA = "files", "data"  # the disks: of stored bytes, and of the database and all logs
_FULL_FOR = 4.0  # seconds
_FILES_BACK, _DATABASE_BACK = 2.0, 5.0  # seconds
_NO_ROOM = frozenset({507})
_STORING = frozenset({"upload", "resumable"})
_LIBRARIES = "/usr/lib"
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
    """One replica of each program has a clock that is wrong: by half a minute, and then by five."""
    for seconds in (_SMALL, -_SMALL, _LARGE, -_LARGE):
        await _shift(scene, seconds)
    scene.over = time.monotonic()
    await scene.recovered(_BACK)


async def _shift(scene: Scene, seconds: int) -> None:
    library = faketime()
    assert library is not None
    for program in PROGRAMS:
        replica = scene.stack.replica(program, 2)
        right = replica.environ
        wrong = {"LD_PRELOAD": str(library), "FAKETIME": f"{seconds:+}s", "DONT_FAKE_MONOTONIC": "1"}
        replica.use(replica.source, wrong)
        await replica.restart()
        since = len(scene.history.exchanges)
        await scene.load(_WHILE)
        wrongs = Counter(
            str(each.status) + each.code + " " + each.kind
            for each in scene.history.exchanges[since:]
            if each.failed or not each.expected
        )
        print(program, seconds, wrongs, flush=True)
        replica.environ = right
        await replica.restart()
