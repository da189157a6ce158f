"""A pass in the background, every so many days. It repairs nothing, and tells what it finds in the log and metrics."""

import time

import msgspec

from file_service.repository.scrub import ScrubRepository
from file_service.scrub.scrubber import Scrubber, Wishes
from file_service.storage.contract import Storage
from shared.db import Database
from shared.logs import log

EVERY, AFTER = 600.0, 60.0  # seconds: between two looks whether one is due, and before the first


async def scrub_when_due(database: Database, storage: Storage, days: float, rate: float) -> None:
    """Raises Unavailable when the pass can't go on; the next begins anew, a day later."""
    if not await ScrubRepository(database).begin(days):
        return
    scrubber, began = Scrubber(database, storage, Wishes(rate)), time.monotonic()
    async for finding in scrubber.findings():
        log.error(
            "scrub_finding", **{f"colonnade.scrub.{name}": each for name, each in msgspec.to_builtins(finding).items()}
        )
    await ScrubRepository(database).finish()
    summary = scrubber.summary(began)
    told = {"blobs": summary.blobs, "bytes": summary.bytes_read, "findings": sum(summary.findings.values())}
    log.info("scrubbed", **{f"colonnade.scrub.{name}": each for name, each in told.items()})
