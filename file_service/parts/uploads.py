"""Composes resumable uploads."""

from collections.abc import AsyncIterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import timedelta

from aiohttp import web

from file_service.context import RESUMABLE, FileContext
from file_service.settings import Settings
from file_service.uploads.in_flight import InFlight
from file_service.uploads.resumable.concatenation import Concatenation
from file_service.uploads.resumable.ending import Ending
from file_service.uploads.resumable.finishing import Finishing
from file_service.uploads.resumable.merging import Merging
from file_service.uploads.resumable.resumable import Resumable
from file_service.uploads.resumable.running_hashes import RunningHashes
from file_service.uploads.resumable.upkeep import EVERY, Upkeep
from file_service.uploads.resumable.writer import Writer
from file_service.uploads.store import Limits
from shared.lifecycle import background
from shared.serve import Apps

_THREADS = 2  # for hashes


@asynccontextmanager
async def add_resumable(apps: Apps, settings: Settings, context: FileContext) -> AsyncIterator[None]:
    """Have the public application know of them; they are looked after meanwhile."""
    assert isinstance(apps.public, web.Application)
    lifetime = timedelta(hours=settings.upload_hours)
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="hashing") as threads:
        resumable = _resumable(settings, context, lifetime, threads)
        apps.public[RESUMABLE] = resumable
        upkeep = Upkeep(context.database, resumable.finishing, lifetime)
        async with background("look after uploads", upkeep.run, every=EVERY):
            yield


def _resumable(settings: Settings, context: FileContext, lifetime: timedelta, threads: Executor) -> Resumable:
    database, storage, purposes = context.database, context.storage, settings.purposes
    limits, hashes = Limits(settings.max_bytes, settings.quota_bytes), RunningHashes()
    ending, merging = Ending(database, context.collector, hashes), Merging(database, storage, context.collector)
    in_flight = InFlight(2 * limits.quota)  # of bytes that no row tells of yet
    return Resumable(
        database,
        purposes,
        limits,
        lifetime,
        Writer(database, storage, ending, purposes, hashes, threads, in_flight, limits.quota, lifetime),
        Finishing(database, storage, ending, purposes, hashes, merging, context.intake),
        Concatenation(database, purposes, limits, lifetime),
    )
