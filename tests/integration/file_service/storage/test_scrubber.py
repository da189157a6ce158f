"""What the scrubber finds, on a folder and on a real S3 server: each kind of damage, and nothing where all is well."""

import hashlib
import os
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import cast
from uuid import UUID

import pytest
from prometheus_client import REGISTRY

from file_service.domain.file import HeldBlob, NewFile
from file_service.repository.blobs import expect_blob, give_up_blobs_of, keep_blob
from file_service.repository.files import FileRepository
from file_service.repository.scrub import ScrubRepository
from file_service.scrub import repairs, schedule
from file_service.scrub.findings import Finding
from file_service.scrub.scrubber import Scrubber, Wishes
from file_service.storage.contract import SHARDS, Storage, new_key
from file_service.storage.local import LocalStorage
from shared.db import Database
from shared.ids import uuid7
from tests.integration.file_service.storage.opening import chunks_of, put, read

NOW = Wishes(rate=1e9, grace=timedelta())
OWNER = uuid7()


async def store(
    database: Database, storage: Storage, *pieces: bytes, owner: UUID = OWNER, shard: str = ""
) -> tuple[UUID, list[str]]:
    """Store a file of these pieces, as uploads do, perhaps under keys of one shard; return its id and keys."""
    content, file_id = b"".join(pieces), uuid7()
    held: list[HeldBlob] = []
    for piece in pieces:
        key = shard + new_key()[len(shard) :]
        await expect_blob(database, key)
        written = await storage.write(key, chunks_of(piece))
        held.append(HeldBlob(key, sum(each.size for each in held), written.size, written.sha256))
    sha256 = hashlib.sha256(content).digest()
    new = NewFile(file_id, owner, "a.bin", len(content), "application/octet-stream", sha256, "file")
    async with database.transaction() as connection:
        await FileRepository(connection).add(new, 10**9)
        for blob in held:
            await keep_blob(connection, file_id, blob)
    return file_id, [blob.storage_key for blob in held]


async def found(database: Database, storage: Storage, wishes: Wishes = NOW) -> list[Finding]:
    return [finding async for finding in Scrubber(database, storage, wishes).findings()]


async def replace(storage: Storage, key: str, content: bytes) -> None:
    """Do what no program of ours does: write other bytes under a key."""
    await storage.delete(key)
    await storage.write(key, chunks_of(content))


async def test_nothing_is_found_where_all_is_well(database: Database, storage: Storage) -> None:
    await store(database, storage, b"whole")
    await store(database, storage, b"")
    await store(database, storage, b"two ", b"pieces", owner=uuid7())
    given_up, _ = await store(database, storage, b"deleted", owner=uuid7())
    async with database.transaction() as connection:
        owner = await connection.fetchval("select owner_id from files.file where file_id = $1", given_up)
        await FileRepository(connection).delete(owner, given_up)
    noted = new_key()
    await expect_blob(database, noted)
    await storage.write(noted, chunks_of(b"an upload in progress"))
    scrubber = Scrubber(database, storage, NOW)
    assert [finding async for finding in scrubber.findings()] == []
    summary = scrubber.summary(0.0)
    assert (summary.blobs, summary.bytes_read, summary.findings) == (6, 15, {})


async def test_a_missing_blob_is_found(database: Database, storage: Storage) -> None:
    file_id, (key,) = await store(database, storage, b"content")
    await storage.delete(key)
    assert await found(database, storage) == [Finding(finding="missing", key=key, holder=file_id, expected=7)]


async def test_a_blob_of_another_size_is_found(database: Database, storage: Storage) -> None:
    file_id, (key,) = await store(database, storage, b"content")
    await replace(storage, key, b"cont")
    assert await found(database, storage) == [
        Finding(finding="wrong_size", key=key, holder=file_id, expected=7, found=4)
    ]


async def test_a_corrupt_blob_is_found_by_reading_alone(database: Database, storage: Storage) -> None:
    file_id, (key, _) = await store(database, storage, b"content", b"more")
    await replace(storage, key, b"contenT")
    hashes = [hashlib.sha256(each).hexdigest() for each in (b"content", b"contenT")]
    assert await found(database, storage) == [
        Finding(finding="corrupt", key=key, holder=file_id, expected=hashes[0], found=hashes[1])
    ]
    assert await found(database, storage, Wishes(rate=1e9, reading=False)) == []


async def test_an_orphan_is_found_once_it_is_old_and_deleted_on_demand(database: Database, storage: Storage) -> None:
    await store(database, storage, b"content")
    key = await put(storage, b"nobody's")
    assert await found(database, storage, Wishes(rate=1e9)) == []
    (finding,) = await found(database, storage)
    assert (finding.finding, finding.key, finding.found, finding.repaired) == ("orphaned", key, 8, False)

    (finding,) = await found(database, storage, Wishes(rate=1e9, grace=timedelta(), repair=True))
    assert finding.repaired
    assert await found(database, storage) == []


async def test_nothing_is_deleted_while_somebody_copies_the_storage(database: Database, storage: Storage) -> None:
    key = await put(storage, b"nobody's")
    await database.execute("insert into files.collection_hold values ('backup', now() + interval '1 hour')")
    (finding,) = await found(database, storage, Wishes(rate=1e9, grace=timedelta(), repair=True))
    assert (finding.finding, finding.repaired) == ("orphaned", False)
    assert await read(storage, key) == b"nobody's"


async def test_orphans_that_are_most_of_all_are_left_unless_forced(
    database: Database, local: LocalStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pointed at another's database, it would delete everything."""
    monkeypatch.setattr(repairs, "_MANY", 2)
    for _ in range(3):
        await put(local, b"x")
    careful = Scrubber(database, local, Wishes(rate=1e9, grace=timedelta(), repair=True))
    assert [finding.repaired async for finding in careful.findings()] == [False] * 3
    assert "--force" in careful.summary(0.0).note
    forced = await found(database, local, Wishes(rate=1e9, grace=timedelta(), repair=True, force=True))
    assert [finding.repaired for finding in forced] == [True] * 3


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param("update files.blob set start = start + 1 where start > 0", id="a gap"),
        pytest.param("update files.file set size = size + 1", id="another size"),
        pytest.param("update files.blob set holder_id = null, due_at = now() where start = 0", id="a piece is gone"),
        pytest.param("update files.file set sha256 = sha256('x')", id="another hash"),
    ],
)
async def test_a_file_whose_blobs_do_not_add_up_is_found(database: Database, local: LocalStorage, damage: str) -> None:
    file_id, _ = await store(database, local, b"two ", b"pieces")
    await database.execute(damage)
    findings = [finding for finding in await found(database, local) if finding.finding == "inconsistent_file"]
    assert {finding.holder for finding in findings} == {file_id}


async def test_a_file_of_one_blob_has_its_hash(database: Database, local: LocalStorage) -> None:
    file_id, _ = await store(database, local, b"content")
    await database.execute("update files.file set sha256 = sha256('x')")
    (finding,) = await found(database, local, Wishes(rate=1e9, reading=False))
    assert (finding.finding, finding.holder) == ("inconsistent_file", file_id)


async def test_a_wrong_quota_is_found_and_settled_on_demand(database: Database, local: LocalStorage) -> None:
    await store(database, local, b"content")
    await database.execute("update files.owner set bytes = 100")
    assert await found(database, local) == [Finding(finding="wrong_quota", owner=OWNER, expected=7, found=100)]
    (finding,) = await found(database, local, Wishes(rate=1e9, repair=True))
    assert finding.repaired
    assert await database.fetchval("select bytes from files.owner") == 7
    assert await found(database, local) == []


async def test_a_wrong_reservation_is_found_and_settled_on_demand(database: Database, local: LocalStorage) -> None:
    await store(database, local, b"content")
    await database.execute("update files.owner set reserved = 100")
    assert await found(database, local) == [Finding(finding="wrong_reservation", owner=OWNER, expected=0, found=100)]
    (finding,) = await found(database, local, Wishes(rate=1e9, repair=True))
    assert finding.repaired
    assert await database.fetchval("select reserved from files.owner") == 0


async def test_what_others_put_there_is_told_and_left(database: Database, local: LocalStorage, tmp_path: Path) -> None:
    stray = tmp_path / "blobs" / "00" / "notes.txt"
    stray.write_bytes(b"mine")
    (finding,) = await found(database, local, Wishes(rate=1e9, grace=timedelta(), repair=True))
    assert (finding.finding, finding.key, finding.repaired) == ("foreign", "notes.txt", False)
    assert stray.exists()


async def test_an_unreadable_blob_is_told_while_the_storage_works(database: Database, local: LocalStorage) -> None:
    """A bad sector; here, what can't be read is a folder."""
    file_id, (key,) = await store(database, local, b"")
    local.path(key).unlink()
    local.path(key).mkdir()
    await database.execute("update files.blob set size = $1", local.path(key).stat().st_size)
    findings = await found(database, local)
    assert ("unreadable", key, file_id) in [(each.finding, each.key, each.holder) for each in findings]


Step = Callable[[str], Awaitable[None]]


class Busy:
    """A storage in which something happens right after each listing."""

    def __init__(self, storage: Storage, then: Step) -> None:
        self._storage, self._then = storage, then

    def __getattr__(self, name: str) -> object:
        return getattr(self._storage, name)

    async def list_shard(self, shard: str) -> object:
        listed = await self._storage.list_shard(shard)
        await self._then(shard)
        return listed


async def test_uploads_and_deletions_during_a_pass_are_no_findings(database: Database, storage: Storage) -> None:
    """It never takes what moves for what is wrong: after a listing one file of it is collected, and another comes."""
    files = {shard: await store(database, storage, b"old", shard=shard) for shard in SHARDS[:8]}

    async def move(shard: str) -> None:
        if shard in files:
            await store(database, storage, b"new", shard=shard)
            file_id, (key,) = files.pop(shard)
            async with database.transaction() as connection:
                await FileRepository(connection).delete(OWNER, file_id)
            await storage.delete(key)
            await database.execute("delete from files.blob where storage_key = $1", key)

    busy = cast("Storage", Busy(storage, move))  # it passes everything else on
    wishes = Wishes(rate=1e9, grace=timedelta(), repair=True, reading=False)
    assert await found(database, busy, wishes) == []
    assert files == {}
    assert await found(database, storage) == []


async def test_a_file_that_is_deleted_while_it_is_read_is_no_finding(database: Database, storage: Storage) -> None:
    file_id, (key,) = await store(database, storage, b"content")
    scrubber = Scrubber(database, storage, NOW)
    (blob,) = await ScrubRepository(database).held_after(None, 10)
    await replace(storage, key, b"contenT")
    await give_up_blobs_of(database, [file_id])
    kinds = [finding.finding async for finding in scrubber.findings()]
    assert kinds == ["inconsistent_file"]  # its row was left here
    assert blob.storage_key == key


async def test_a_pass_in_the_background_is_one_replicas_and_leaves_metrics(
    database: Database, local: LocalStorage
) -> None:
    _, (key,) = await store(database, local, b"content")
    await local.delete(key)
    await schedule.scrub_when_due(database, local, 7, 1e9)
    assert REGISTRY.get_sample_value("file_scrub_findings", {"finding": "missing"}) == 1
    assert not await ScrubRepository(database).begin(7)
    await database.execute("update files.scrub set begun_at = now() - interval '8 days'")
    assert await ScrubRepository(database).begin(7)
    assert not await ScrubRepository(database).begin(7), "another has just begun"


async def test_reading_keeps_to_its_rate(database: Database, local: LocalStorage) -> None:
    await store(database, local, os.urandom(1_000_000))
    scrubber = Scrubber(database, local, Wishes(rate=4_000_000))
    began = time.monotonic()
    assert [finding async for finding in scrubber.findings()] == []
    assert time.monotonic() - began > 0.2
