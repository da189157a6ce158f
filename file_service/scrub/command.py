"""`python -m file_service scrub`, in the environment of file_service: compare all that is stored with the database.

It prints a line of JSON for each finding, and one that sums up. Status: 0 nothing was found, or all of it repaired;
1 something is wrong; 2 wrong settings or arguments; 3 it couldn't be carried through.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence
from datetime import timedelta

import msgspec

from file_service.parts.storage import open_storage
from file_service.scrub.findings import Summary
from file_service.scrub.listings import GRACE
from file_service.scrub.scrubber import Scrubber, Wishes
from file_service.settings import ScrubSettings
from shared.db import open_database
from shared.errors import AppError
from shared.settings import load


def scrub(argv: Sequence[str]) -> int:
    options = _parser().parse_args(argv)
    settings = load(ScrubSettings)
    wishes = Wishes(
        rate=options.rate or settings.rate,
        reading=not options.quick,
        repair=options.repair,
        force=options.force,
        grace=GRACE if options.grace is None else timedelta(hours=options.grace),
    )
    try:
        summary = asyncio.run(_scrub(settings, wishes))
    except (AppError, OSError, ValueError) as exc:
        print(f"scrub: {exc}; what is printed above was found", file=sys.stderr)  # noqa: T201  whoever scrubs is watching
        return 3
    return 1 if summary.findings else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m file_service scrub", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="compare names, sizes and sums; read no bytes")
    parser.add_argument("--repair", action="store_true", help="delete orphans, and settle quotas")
    parser.add_argument("--force", action="store_true", help="delete orphans although they are most of what there is")
    parser.add_argument("--grace", type=float, metavar="HOURS", help="how old an orphan must be, instead of 4")
    parser.add_argument("--rate", type=float, metavar="BYTES", help="a second, instead of FILE_SCRUB_BYTES_PER_SECOND")
    return parser


async def _scrub(settings: ScrubSettings, wishes: Wishes) -> Summary:
    began = time.monotonic()
    async with open_database(settings.database) as database, open_storage(settings.storage) as storage:
        scrubber = Scrubber(database, storage, wishes)
        async for finding in scrubber.findings():
            _print(finding)
        summary = scrubber.summary(began)
    _print(summary)
    return summary


def _print(what: msgspec.Struct) -> None:
    print(msgspec.json.encode(what).decode(), flush=True)  # noqa: T201  its output is what it is for
