"""Collection on a folder and on a real S3 server: never before its time, never under a hold, never against a reader."""

import asyncio
import os

import pytest

from file_service.collector import Collector
from file_service.repository.blobs import expect_blob, give_up_blob
from file_service.repository.holds import PURGE_HOLDS, may_delete
from file_service.storage.contract import BlobMissing, Storage, new_key
from file_service.storage.local import LocalStorage
from shared.db import Database
from shared.errors import Unavailable
from shared.purge import purge
from tests.integration.file_service.storage.opening import chunks_of, read


async def given_up(database: Database, storage: Storage, content: bytes = b"content") -> str:
    key = new_key()
    await expect_blob(database, key)
    await storage.write(key, chunks_of(content))
    await give_up_blob(database, key)
    return key


async def hold(database: Database, until: str) -> None:
    await database.execute(
        f"insert into files.collection_hold (holder, until) values ('backup', now() + interval '{until}')"
    )


async def test_what_is_given_up_is_deleted(database: Database, storage: Storage) -> None:
    keys = [await given_up(database, storage) for _ in range(3)]
    await Collector(database, storage).collect()
    for key in keys:
        with pytest.raises(BlobMissing):
            await read(storage, key)
    assert await database.fetch("select from files.blob") == []


async def test_a_reader_gets_all_or_breaks_off_and_nothing_else(database: Database, storage: Storage) -> None:
    """F20: twenty readers in the middle of what is collected."""
    content = os.urandom(3_000_000)
    key = await given_up(database, storage, content)
    begun = asyncio.Barrier(21)

    async def reading() -> bytes:
        got = b""
        async with storage.open(key) as blob:
            chunks = blob.read(0, blob.size)
            got += await anext(chunks)
            await begun.wait()
            try:
                async for chunk in chunks:
                    got += chunk
            except Unavailable:
                return got
        assert got == content
        return got

    readers = [asyncio.create_task(reading()) for _ in range(20)]
    await begun.wait()
    await Collector(database, storage).collect()
    for got in await asyncio.gather(*readers):
        assert got == content[: len(got)]
        assert len(got) == len(content) or not isinstance(storage, LocalStorage)


async def test_nothing_is_deleted_while_a_hold_is_in_force(database: Database, storage: Storage) -> None:
    key = await given_up(database, storage)
    await hold(database, "1 hour")
    await Collector(database, storage).collect()
    assert await read(storage, key) == b"content"
    await database.execute("update files.collection_hold set until = now() - interval '1 second'")
    await Collector(database, storage).collect()
    with pytest.raises(BlobMissing):
        await read(storage, key)


async def test_a_hold_waits_for_deletions_under_way(database: Database) -> None:
    """Once it has been inserted, nothing is deleted any more."""
    async with database.transaction() as deleting:
        assert await may_delete(deleting)
        holding = asyncio.create_task(hold(database, "1 hour"))
        done, _ = await asyncio.wait({holding}, timeout=0.3)
        assert not done
    await holding
    async with database.transaction() as later:
        assert not await may_delete(later)


async def test_holds_that_have_passed_are_purged(database: Database) -> None:
    await hold(database, "-1 second")
    await database.execute("insert into files.collection_hold values ('other', now() + interval '1 hour')")
    await purge(database, [PURGE_HOLDS])
    assert [row["holder"] for row in await database.fetch("select holder from files.collection_hold")] == ["other"]


async def test_blobs_stay_for_the_delay(database: Database, local: LocalStorage) -> None:
    key = await given_up(database, local)
    await Collector(database, local, delay=60).collect()
    assert await read(local, key) == b"content"
    await database.execute("update files.blob set due_at = due_at - interval '61 seconds'")
    await Collector(database, local, delay=60).collect()
    assert not local.path(key).exists()
