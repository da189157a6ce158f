"""Has quarantined files looked at, one job each. While the scanner is away, they wait, and uploads go on."""

import asyncio
from dataclasses import dataclass
from uuid import UUID

from file_service.delivery.content import Content
from file_service.domain.file import File
from file_service.domain.verdicts import Verdict
from file_service.inspection.clamd import Clamd, Finding, ScanFailed
from file_service.metrics import SCAN_SECONDS, SCANS
from file_service.repository.scans import ScanRepository
from shared.errors import NotFound
from shared.jobs.model import Job
from shared.logs import log

MOST_ATTEMPTS = 6  # with their pauses about five minutes
MOST_SECONDS = 600.0  # for one file, whatever the scanner does


@dataclass(frozen=True, slots=True)
class Scanning:
    clamd: Clamd
    content: Content
    scans: ScanRepository

    async def scan(self, job: Job) -> None:
        """Do the job. Raises Unavailable while the scanner or the storage is away, ScanFailed to be called again.

        A file that the scanner fails at time and again is one that it can't look at.
        """
        file = await self.scans.find_pending(UUID(bytes=job.payload))
        if file is None:
            return
        try:
            finding = await self._ask(file)
        except NotFound:  # deleted meanwhile
            return
        except ScanFailed:
            SCANS.labels("error").inc()
            if job.attempt < MOST_ATTEMPTS:
                raise
            finding = Finding(Verdict.SKIPPED)
        await self.scans.settle(file.file_id, finding.verdict, finding.threat)
        SCANS.labels(finding.verdict).inc()
        if finding.verdict is not Verdict.CLEAN:
            log.warning(
                f"file_{finding.verdict}",
                **{"colonnade.file.id": str(file.file_id), "colonnade.file.threat": finding.threat},
            )

    async def _ask(self, file: File) -> Finding:
        try:
            async with asyncio.timeout(MOST_SECONDS), self.content.open(file) as opened:
                with SCAN_SECONDS.time():
                    return await self.clamd.scan(opened.read(0, file.size))
        except TimeoutError as exc:
            raise ScanFailed("the scanner takes too long") from exc
