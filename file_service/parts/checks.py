"""All that has to do with checks, put together: the entrance, and the scanner's jobs."""

from file_service.delivery.content import Content
from file_service.inspection.clamd import Clamd
from file_service.inspection.scanning import MOST_ATTEMPTS, MOST_SECONDS, Scanning
from file_service.repository.scans import SCAN, ScanRepository
from file_service.settings import CheckSettings
from file_service.uploads.intake import Intake
from shared.jobs.model import Kind


def intake(settings: CheckSettings, content: Content) -> Intake:
    return Intake(content, settings.bounds, settings.policy)


def scanning(settings: CheckSettings, content: Content) -> dict[str, Kind]:
    """Return the kind of job that asks the scanner, if there is one."""
    if not settings.clamd_url:
        return {}
    work = Scanning(Clamd(settings.clamd_url, settings.clamd_seconds), content, ScanRepository(content.database))
    return {SCAN: Kind(work.scan, timeout=MOST_SECONDS + 30, together=2, most_attempts=MOST_ATTEMPTS)}
