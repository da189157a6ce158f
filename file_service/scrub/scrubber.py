"""One pass through everything: what lies where, whether it is what was stored, and whether the sums are right."""

import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

from file_service.metrics import SCRUB_FINDINGS, SCRUB_FINISHED
from file_service.repository.scrub import ScrubRepository
from file_service.scrub.contents import Contents, Pace
from file_service.scrub.findings import KINDS, Finding, Kind, Summary
from file_service.scrub.listings import GRACE, Listings
from file_service.scrub.repairs import Repairs, too_many
from file_service.scrub.sums import Sums
from file_service.storage.contract import Storage
from shared.db import Database


@dataclass(frozen=True, slots=True)
class Wishes:
    """`rate` is in bytes per second, `grace` how young an unknown blob may be; without `reading` no hash is checked."""

    rate: float
    reading: bool = True
    repair: bool = False
    force: bool = False
    grace: timedelta = GRACE


class Scrubber:
    def __init__(self, database: Database, storage: Storage, wishes: Wishes) -> None:
        self._database = database
        self._wishes = wishes
        self._repairs = Repairs(database, storage)
        repository = ScrubRepository(database)
        self._listings = Listings(repository, storage, wishes.grace)
        self._contents = Contents(repository, storage, Pace(wishes.rate))
        self._sums = Sums(repository)
        self._counts: Counter[Kind] = Counter()
        self._repaired = 0
        self._note = ""

    async def findings(self) -> AsyncIterator[Finding]:
        """Yield each as it is found, and orphans at the end of the listing. Raises Unavailable."""
        orphans: list[Finding] = []
        async for finding in self._listings.findings():
            if finding.finding == "orphaned":
                orphans.append(finding)
            else:
                yield self._counted(finding)
        async for finding in self._orphans(orphans):
            yield finding
        async for finding in self._sums.findings():
            yield self._counted(await self._repairs.repair(finding) if self._wishes.repair else finding)
        if self._wishes.reading:
            async for finding in self._contents.findings():
                yield self._counted(finding)

    def summary(self, began: float) -> Summary:
        """Sum up a pass that has ended. `began` is of the monotonic clock."""
        for kind in KINDS:
            SCRUB_FINDINGS.labels(kind).set(self._counts[kind])
        SCRUB_FINISHED.set_to_current_time()
        return Summary(
            blobs=self._listings.seen.blobs,
            bytes_read=self._contents.pace.spent,
            findings=dict(self._counts),
            repaired=self._repaired,
            seconds=round(time.monotonic() - began, 1),
            note=self._note,
        )

    async def _orphans(self, orphans: list[Finding]) -> AsyncIterator[Finding]:
        repair = self._wishes.repair
        if repair and too_many(len(orphans), self._listings.seen.blobs) and not self._wishes.force:
            repair = False
            self._note = "Most blobs are orphans: is this the right database? --force deletes them."
        for finding in orphans:
            yield self._counted(await self._repairs.repair(finding) if repair else finding)

    def _counted(self, finding: Finding) -> Finding:
        if finding.repaired:
            self._repaired += 1
        else:
            self._counts[finding.finding] += 1
        return finding
