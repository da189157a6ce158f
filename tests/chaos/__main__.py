"""`python -m tests.chaos`: everything that may fail does, under users who record what they are told.

Runs two replicas of every program on stores of its own. SEED= repeats a run as far as chance goes, ONLY="R5 R9" plays
some drills. Exit status 1 where a promise was broken.
"""

import asyncio
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path

import uvloop

from tests.chaos.clients.burster import LIMIT
from tests.chaos.clients.spender import QUOTA
from tests.chaos.disks import Disk, can_mount, small_disk
from tests.chaos.drills.surroundings import DATA, FILES, faketime
from tests.chaos.drills.table import DRILLS
from tests.chaos.playing import Result, play
from tests.chaos.report import HEAD, row, summary
from tests.chaos.route_file import write_routes
from tests.e2e.stack import state_folder
from tests.replicated.stack import Options, replicated
from tests.stores import ROOT

_DATA_MEGABYTES, _FILES_MEGABYTES = 500, 96
_LOGS = ROOT / ".chaos"


async def chaos(folder: Path, disks: Mapping[str, Disk], seed: int, only: set[str]) -> list[Result]:
    routes = write_routes(folder.parent / "routes.toml", LIMIT)
    environs = {"gateway": {"ROUTES_FILE": str(routes)}, "file_service": {"FILE_QUOTA_BYTES": str(QUOTA)}}
    lacking = {} if disks else {"disks": "only root can mount a small disk"}
    lacking |= {} if faketime() else {"faketime": "apt install libfaketime"}
    results = []
    async with _logs_kept(folder), replicated(folder, Options(environs=environs)) as stack:
        print(HEAD, flush=True)
        for drill in DRILLS:
            if only and drill.name not in only:
                continue
            if drill.needs in lacking:
                print(f"{drill.name:6}{drill.fault:38} left out: {lacking[drill.needs]}", flush=True)
                continue
            result = await play(drill, stack, disks, random.Random(f"{seed} {drill.name}"))
            print(row(result), flush=True)
            results.append(result)
    return results


@asynccontextmanager
async def _logs_kept(folder: Path) -> AsyncIterator[None]:
    """Leave the logs of the run where they can be looked at, in place of those of the last one."""
    try:
        yield
    finally:
        shutil.rmtree(_LOGS, ignore_errors=True)
        shutil.copytree(folder / "logs", _LOGS)


@contextmanager
def _disks(folder: Path) -> Iterator[Mapping[str, Disk]]:
    """Give the stack small disks, where that can be done: one for what it stores, and one for all else."""
    with ExitStack() as exits:
        if not can_mount():
            yield {}
            return
        data = exits.enter_context(small_disk(folder, _DATA_MEGABYTES, "0711"))
        yield {DATA: data, FILES: exits.enter_context(small_disk(folder / "files", _FILES_MEGABYTES, "0700"))}


def main() -> int:
    seed = int(os.environ.get("SEED") or random.SystemRandom().randrange(10**6))
    only = set(os.environ.get("ONLY", "").split())
    if unknown := only - {drill.name for drill in DRILLS}:
        print(f"chaos: there is no drill {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    print(f"chaos: SEED={seed}", flush=True)
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))  # nothing is left mounted or running
    began = time.monotonic()
    with (
        state_folder() as folder,
        _disks(folder) as disks,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        results = runner.run(chaos(folder, disks, seed, only))
    print(summary(results, time.monotonic() - began, seed))
    return 1 if any(result.violations for result in results) else 0


if __name__ == "__main__":
    raise SystemExit(main())
