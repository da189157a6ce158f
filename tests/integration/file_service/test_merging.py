"""Uploads in tiny pieces don't stay as many blobs, and joining them loses nothing, whatever comes between."""

import asyncio
import os
from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from file_service.collector import Collector
from file_service.repository.blobs import blobs_of
from file_service.storage.local import open_local_storage
from file_service.uploads.resumable.merging import EVERY, Merging
from shared.db import Database, open_database
from shared.settings import DatabaseSettings, Secret
from tests.integration.file_service.running_service import Person, RunningService
from tests.integration.file_service.uploading import Uploader, in_balance


@pytest.fixture
async def database(service: RunningService) -> AsyncIterator[Database]:
    url = Secret(service.database.runtime)
    async with open_database(DatabaseSettings(url, url, pool_size=4, timeout=5.0)) as opened:
        yield opened


@pytest.fixture
async def merging(service: RunningService, database: Database) -> AsyncIterator[Merging]:
    async with open_local_storage(service.root) as storage:
        yield Merging(database, storage, Collector(database, storage))


async def id_of(upload: Uploader) -> UUID:
    return UUID((await (await upload.ask("GET")).json())["id"])


async def test_upload_in_tiny_pieces_ends_as_few_blobs(
    service: RunningService, ada: Person, database: Database
) -> None:
    content = os.urandom(700)
    upload = await Uploader(ada).begin(700)
    for offset in range(0, 700, 7):
        last = await upload.add(content[offset : offset + 7], offset)
    assert await upload.content(last) == content
    blobs = await blobs_of(database, await id_of(upload))
    assert len(blobs) == 3 + 100 - 3 * EVERY
    assert await in_balance(service, ada.user_id)


async def test_reader_who_has_looked_up_the_old_blobs_still_finds_them(
    service: RunningService, ada: Person, database: Database, merging: Merging
) -> None:
    upload = await Uploader(ada).begin(1000)
    for offset in range(EVERY - 1):
        await upload.add(b"x", offset)
    before = await blobs_of(database, await id_of(upload))
    await upload.add(b"x", EVERY - 1)
    upload_id = await id_of(upload)
    await asyncio.gather(*(merging.merge(upload_id) for _ in range(3)))
    assert len(await blobs_of(database, upload_id)) == 1
    stored = {path.name for path in service.blobs()}
    assert {blob.storage_key for blob in before} <= stored


async def test_replicas_that_join_the_same_blobs_leave_one_result(
    service: RunningService, ada: Person, database: Database, merging: Merging, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("file_service.uploads.resumable.resumable.EVERY", 10_000)
    upload = await Uploader(ada).begin(1000)
    for offset in range(EVERY + 3):
        await upload.add(bytes([offset]), offset)
    upload_id = await id_of(upload)
    await asyncio.gather(*(merging.merge(upload_id) for _ in range(5)))
    blobs = await blobs_of(database, upload_id)
    assert [(blob.start, blob.size) for blob in blobs] == [(0, EVERY), *((EVERY + n, 1) for n in range(3))]
    rest = bytes(1000 - EVERY - 3)
    assert await upload.content(await upload.add(rest, EVERY + 3)) == bytes(range(EVERY + 3)) + rest
    (held,) = await service.fetch("select count(*) as blobs from files.blob where holder_id is not null")
    assert held["blobs"] == 5


async def test_joining_amid_the_end_of_an_upload_leaves_nothing_behind(
    service: RunningService, ada: Person, merging: Merging, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("file_service.uploads.resumable.resumable.EVERY", 10_000)
    for _ in range(5):
        upload = await Uploader(ada).begin(1000)
        for offset in range(EVERY):
            await upload.add(b"x", offset)
        upload_id = await id_of(upload)
        await asyncio.gather(merging.merge(upload_id), upload.ask("DELETE"))
    assert await service.fetch("select from files.blob where holder_id is not null") == []
    assert await in_balance(service, ada.user_id)
