"""What goes on beside requests: pictures' processes, and jobs that ask the virus scanner and tell of avatars."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from file_service.context import FileContext
from file_service.parts.avatars import telling_of_avatars
from file_service.parts.checks import scanning
from file_service.parts.pictures import open_pictures
from file_service.repository.renditions import PURGE_RENDITIONS
from file_service.repository.scans import PURGE_INFECTED
from file_service.settings import Settings
from shared.events.client import InternalClient
from shared.jobs.queue import purge_jobs
from shared.jobs.worker import open_jobs
from shared.lifecycle import Lifecycle

_SCHEMA = "files"
SIDE_PURGES = (PURGE_INFECTED, PURGE_RENDITIONS, *purge_jobs(_SCHEMA))


@asynccontextmanager
async def open_side_work(
    settings: Settings, context: FileContext, users: InternalClient, lifecycle: Lifecycle
) -> AsyncIterator[None]:
    """`users` speaks to user_service."""
    kinds = scanning(settings.checks, context.content) | telling_of_avatars(users)
    async with open_pictures(context.renditions), open_jobs(_SCHEMA, context.database, kinds, lifecycle):
        yield
