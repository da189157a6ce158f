"""What the handlers share for as long as the program lives."""

from dataclasses import dataclass

from aiohttp import web

from file_service.collector import Collector
from file_service.delivery.charsets import Charsets
from file_service.delivery.content import Content
from file_service.domain.verdicts import CheckPolicy
from file_service.pictures.renditions import Renditions
from file_service.storage.contract import Storage
from file_service.uploads.intake import Intake
from file_service.uploads.resumable.resumable import Resumable
from file_service.uploads.store import Uploads
from shared.db import Database


@dataclass(frozen=True, slots=True)
class FileContext:
    database: Database
    storage: Storage
    collector: Collector
    content: Content
    charsets: Charsets
    uploads: Uploads
    stall_seconds: float
    intake: Intake
    renditions: Renditions

    @property
    def policy(self) -> CheckPolicy:
        """What decides whether bytes may go out."""
        return self.intake.policy


FILES = web.AppKey("files", FileContext)
RESUMABLE = web.AppKey("resumable", Resumable)
