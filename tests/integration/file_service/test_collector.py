"""What a crash leaves between the bytes and their row, and what the collector makes of it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from file_service.collector import Collector
from file_service.domain.file import HeldBlob
from file_service.repository.blobs import due_blobs, expect_blob, give_up_blob, keep_blob
from file_service.repository.owners import PURGE_DELETED_OWNERS
from file_service.storage.contract import new_key
from file_service.storage.local import LocalStorage, open_local_storage
from shared.db import Database, open_database
from shared.errors import Unavailable
from shared.ids import uuid7
from shared.purge import purge
from shared.settings import DatabaseSettings, Secret
from tests.integration.file_service.running_service import RunningService, running_service
from tests.stores import DatabaseUrls


@pytest.fixture
async def database(file_database: DatabaseUrls) -> AsyncIterator[Database]:
    url = Secret(file_database.runtime)
    async with open_database(DatabaseSettings(url, url, pool_size=4, timeout=5.0)) as opened:
        yield opened


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[LocalStorage]:
    async with open_local_storage(tmp_path) as opened:
        yield opened


async def crash_before_the_row(database: Database, storage: LocalStorage) -> str:
    """Do what an upload does up to the blob, and no more."""

    async def content() -> AsyncIterator[bytes]:
        yield b"content"

    key = new_key()
    await expect_blob(database, key)
    await storage.write(key, content())
    return key


async def test_blob_without_a_row_is_deleted_once_its_time_has_passed(
    database: Database, storage: LocalStorage
) -> None:
    key = await crash_before_the_row(database, storage)
    await Collector(database, storage).collect()
    assert storage.path(key).exists()

    await database.execute("update files.blob set due_at = due_at - interval '181 minutes'")
    await Collector(database, storage).collect()
    assert not storage.path(key).exists()
    assert await database.fetch("select from files.blob") == []


async def test_upload_that_outlived_its_time_is_not_stored(database: Database, storage: LocalStorage) -> None:
    """A row is never without its blob."""
    key = await crash_before_the_row(database, storage)
    await give_up_blob(database, key)
    await Collector(database, storage).collect()
    with pytest.raises(Unavailable):
        async with database.transaction() as connection:
            await keep_blob(connection, uuid7(), HeldBlob(key, 0, 7, b"h" * 32))


async def test_kept_blob_is_left_alone(database: Database, storage: LocalStorage) -> None:
    key = await crash_before_the_row(database, storage)
    async with database.transaction() as connection:
        await keep_blob(connection, uuid7(), HeldBlob(key, 0, 7, b"h" * 32))
    await give_up_blob(database, key)
    await Collector(database, storage).collect()
    assert storage.path(key).exists()


async def test_keys_stay_queued_while_storage_fails(database: Database, storage: LocalStorage) -> None:
    key = await crash_before_the_row(database, storage)
    await give_up_blob(database, key)
    folder = storage.path(key).parent
    folder.rename(folder.with_suffix(".away"))
    with pytest.raises(Unavailable):
        await Collector(database, storage).collect()
    folder.with_suffix(".away").rename(folder)
    await give_up_blob(database, key)
    await Collector(database, storage).collect()
    assert not storage.path(key).exists()


async def test_blob_that_can_not_be_deleted_is_put_off_and_holds_no_other_up(
    database: Database, storage: LocalStorage
) -> None:
    stuck, key = new_key(), await crash_before_the_row(database, storage)
    storage.path(stuck).mkdir()
    for each in (stuck, key):
        await database.execute(
            "insert into files.blob (storage_key, due_at) values ($1, now()) on conflict do nothing", each
        )
        await give_up_blob(database, each)
    with pytest.raises(Unavailable):
        await Collector(database, storage).collect()
    assert not storage.path(key).exists()
    left = await database.fetch("select storage_key, due_at > now() as later from files.blob")
    assert [tuple(row) for row in left] == [(stuck, True)]


async def test_upload_that_outlived_its_time_is_not_stored_where_its_blob_can_not_be_deleted(
    database: Database, storage: LocalStorage
) -> None:
    """Nobody knows what an attempt that failed has left of it."""
    stuck = new_key()
    await expect_blob(database, stuck)
    await database.execute(
        "update files.blob set due_at = due_at - interval '3 hours', created_at = created_at - interval '3 hours'"
    )
    storage.path(stuck).mkdir()
    with pytest.raises(Unavailable):
        await Collector(database, storage).collect()
    assert await database.fetchval("select due_at > now() from files.blob")
    with pytest.raises(Unavailable):
        async with database.transaction() as connection:
            await keep_blob(connection, uuid7(), HeldBlob(stuck, 0, 7, b"h" * 32))


async def test_two_replicas_are_lent_different_keys(database: Database) -> None:
    keys = sorted(new_key() for _ in range(4))
    for key in keys:
        await expect_blob(database, key)
        await give_up_blob(database, key)
    async with due_blobs(database, 2) as first, due_blobs(database, 10) as second:
        assert len(first) == len(second) == 2
        assert sorted([*first, *second]) == keys


async def test_all_that_is_due_is_collected_in_batches(database: Database, storage: LocalStorage) -> None:
    for _ in range(120):
        await database.execute("insert into files.blob (storage_key, due_at) values ($1, now())", new_key())
    await Collector(database, storage).collect()
    assert await database.fetch("select from files.blob") == []


async def test_start_collects_what_a_crash_left(file_database: DatabaseUrls, tmp_path: Path) -> None:
    async with running_service(file_database, tmp_path) as service:
        view = await service.person(uuid7()).upload(b"x")
        (blob,) = service.blobs()
    async with running_service(file_database, tmp_path) as service:
        await _crash_after_the_deletion(service, view["id"])
    assert blob.exists()
    async with running_service(file_database, tmp_path) as service:
        await service.settled(blobs=0)


async def _crash_after_the_deletion(service: RunningService, file_id: str) -> None:
    await service.fetch(
        """
        with gone as (delete from files.file where file_id = $1::uuid returning file_id)
        update files.blob set holder_id = null, due_at = now() from gone where holder_id = gone.file_id
        """,
        file_id,
    )


async def test_tombstones_are_purged_after_thirty_days(database: Database) -> None:
    for days in (29, 31):
        await database.execute(
            "insert into files.owner (owner_id, bytes, deleted_at) values ($1, 0, now() - make_interval(days => $2))",
            uuid7(),
            days,
        )
    await database.execute("insert into files.owner (owner_id, bytes) values ($1, 0)", uuid7())
    await purge(database, [PURGE_DELETED_OWNERS])
    assert len(await database.fetch("select from files.owner")) == 2
