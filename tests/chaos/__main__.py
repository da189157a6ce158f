"""`python -m tests.chaos`: everything that may fail does, under users who record what they are told.

Runs two replicas of every program on stores of its own. SEED= repeats a run as far as chance goes, ONLY="R5 R9" plays
some drills. Exit status 1 where a promise was broken.
"""

import asyncio
import os
import random
import sys
import time
from pathlib import Path

import uvloop

from tests.chaos.clients.burster import LIMIT
from tests.chaos.clients.spender import QUOTA
from tests.chaos.drills.table import DRILLS
from tests.chaos.playing import Result, play
from tests.chaos.report import HEAD, row, summary
from tests.chaos.route_file import write_routes
from tests.e2e.stack import state_folder
from tests.replicated.stack import Options, replicated


async def chaos(folder: Path, seed: int, only: set[str]) -> list[Result]:
    routes = write_routes(folder.parent / "routes.toml", LIMIT)
    environs = {"gateway": {"ROUTES_FILE": str(routes)}, "file_service": {"FILE_QUOTA_BYTES": str(QUOTA)}}
    results = []
    async with replicated(folder, Options(environs=environs)) as stack:
        print(HEAD, flush=True)
        for drill in DRILLS:
            if only and drill.name not in only:
                continue
            result = await play(drill, stack, random.Random(f"{seed} {drill.name}"))
            print(row(result), flush=True)
            results.append(result)
    return results


def main() -> int:
    seed = int(os.environ.get("SEED") or random.SystemRandom().randrange(10**6))
    only = set(os.environ.get("ONLY", "").split())
    if unknown := only - {drill.name for drill in DRILLS}:
        print(f"chaos: there is no drill {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    print(f"chaos: SEED={seed}", flush=True)
    began = time.monotonic()
    with state_folder() as folder, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        results = runner.run(chaos(folder, seed, only))
    print(summary(results, time.monotonic() - began, seed))
    return 1 if any(result.violations for result in results) else 0


if __name__ == "__main__":
    raise SystemExit(main())
