"""What the handlers share for as long as the program lives."""

from dataclasses import dataclass

from aiohttp import web

from file_service.collector import Collector
from file_service.delivery.content import Content
from file_service.storage.contract import Storage
from file_service.uploads.resumable.resumable import Resumable
from file_service.uploads.store import Uploads
from shared.db import Database


@dataclass(frozen=True, slots=True)
class FileContext:
    database: Database
    storage: Storage
    collector: Collector
    content: Content
    uploads: Uploads
    stall_seconds: float


FILES = web.AppKey("files", FileContext)
RESUMABLE = web.AppKey("resumable", Resumable)
