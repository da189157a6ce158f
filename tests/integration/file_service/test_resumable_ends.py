"""How uploads end without their own last byte: ended by their owner, forgotten, gone with the account."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from prometheus_client import REGISTRY

from file_service.collector import Collector
from file_service.delivery.content import Content
from file_service.domain.file import HeldBlob
from file_service.domain.uploads import Upload
from file_service.domain.verdicts import CheckPolicy
from file_service.errors import UploadGone
from file_service.inspection.bounds import Bounds
from file_service.purpose_file import read_purposes
from file_service.repository.blobs import blobs_of
from file_service.repository.uploads import PURGE_UPLOADS, UploadRepository
from file_service.storage.local import LocalStorage, open_local_storage
from file_service.uploads.intake import Intake
from file_service.uploads.resumable import finishing
from file_service.uploads.resumable.ending import Ending
from file_service.uploads.resumable.finishing import Finishing
from file_service.uploads.resumable.merging import Merging
from file_service.uploads.resumable.running_hashes import RunningHashes
from file_service.uploads.resumable.upkeep import Upkeep
from shared.db import Database, open_database
from shared.errors import InternalError
from shared.purge import purge
from shared.settings import DatabaseSettings, Secret
from tests.integration.file_service.running_service import Person, RunningService
from tests.integration.file_service.uploading import Uploader, code, in_balance, usage

LIFETIME = timedelta(hours=24)


@pytest.fixture
async def database(service: RunningService) -> AsyncIterator[Database]:
    url = Secret(service.database.runtime)
    async with open_database(DatabaseSettings(url, url, pool_size=4, timeout=5.0)) as opened:
        yield opened


@pytest.fixture
async def storage(service: RunningService) -> AsyncIterator[LocalStorage]:
    async with open_local_storage(service.root) as opened:
        yield opened


@pytest.fixture
def upkeep(database: Database, storage: LocalStorage) -> Upkeep:
    """As it runs in every replica, but when the test says so."""
    hashes, collector = RunningHashes(), Collector(database, storage)
    ending, merging = Ending(database, collector, hashes), Merging(database, storage, collector)
    entrance = Intake(Content(database, storage), Bounds(10**9, 250, 1000, 10**8), CheckPolicy())
    finishes = Finishing(database, storage, ending, read_purposes(None), hashes, merging, entrance)
    return Upkeep(database, finishes, LIFETIME)


def events(event: str) -> float:
    return REGISTRY.get_sample_value("file_resumable_uploads_total", {"event": event}) or 0.0


async def later(service: RunningService, hours: float) -> None:
    await service.fetch("update files.upload set expires_at = expires_at - make_interval(secs => $1)", hours * 3600)


async def test_ended_upload_gives_back_what_it_reserved(
    service: RunningService, ada: Person, uploader: Uploader
) -> None:
    before = events("terminated")
    upload = await uploader.begin(1000)
    await upload.add(b"x" * 500, 0)
    ended = await upload.ask("DELETE")
    assert (ended.status, ended.headers["Tus-Resumable"]) == (204, "1.0.0")
    assert [(await upload.ask(method)).status for method in ("HEAD", "DELETE")] == [410, 410]
    assert (await upload.patch(b"x" * 500, 500)).status == 410
    assert (await usage(ada))["reserved"] == 0
    assert events("terminated") == before + 1
    await service.settled(blobs=0)


async def _whole(service: RunningService, uploader: Uploader, database: Database) -> tuple[Uploader, Upload]:
    """Return an upload of two blobs that only has to be finished."""
    upload = await uploader.begin(None)
    await upload.add(b"hello", 0)
    await upload.add(b"world", 5)
    (row,) = await service.fetch("update files.upload set length = received returning upload_id")
    return upload, await UploadRepository(database).get_by_id(row["upload_id"])


async def test_upload_whose_bytes_are_lost_stays_to_be_finished(
    service: RunningService, uploader: Uploader, upkeep: Upkeep
) -> None:
    upload, unfinished = await _whole(service, uploader, upkeep.database)
    for path in service.blobs():
        path.rename(path.with_suffix(".lost"))
    with pytest.raises(InternalError):
        await upkeep.finishing.finish(unfinished)
    for path in service.blobs():
        path.rename(path.with_suffix(""))
    assert await upload.content(await upload.ask("HEAD")) == b"helloworld"


@pytest.mark.parametrize("finished", [False, True], ids=["before it was a file", "as a file that another had made"])
async def test_upload_that_is_ended_while_it_is_finished_has_lost_nothing(
    service: RunningService,
    uploader: Uploader,
    upkeep: Upkeep,
    monkeypatch: pytest.MonkeyPatch,
    finished: bool,  # noqa: FBT001  a case
) -> None:
    """Its blobs are gone before they are read: nobody is to look for them."""
    upload, unfinished = await _whole(service, uploader, upkeep.database)

    async def overtaken(*of: Any) -> Sequence[HeldBlob]:
        monkeypatch.undo()
        held = await blobs_of(*of)
        if finished:
            await upload.content(await upload.ask("HEAD"))
        assert (await upload.ask("DELETE")).status == 204
        await service.settled(blobs=0)
        return held

    monkeypatch.setattr(finishing, "blobs_of", overtaken)
    with nullcontext() if finished else pytest.raises(UploadGone):
        await upkeep.finishing.finish(unfinished)


async def test_ending_a_finished_upload_deletes_its_file(
    service: RunningService, ada: Person, uploader: Uploader
) -> None:
    upload = await uploader.begin(5)
    finished = await upload.add(b"hello", 0)
    assert (await upload.ask("DELETE")).status == 204
    assert (await ada.get(finished.headers["Content-Location"])).status == 404
    assert (await upload.ask("HEAD")).status == 410
    assert (await usage(ada))["bytes"] == 0
    await service.settled(blobs=0)


async def test_upload_is_gone_with_its_file(ada: Person, uploader: Uploader) -> None:
    upload = await uploader.begin(5)
    finished = await upload.add(b"hello", 0)
    assert await ada.delete(finished.headers["Content-Location"].rpartition("/")[2]) == 204
    assert (await upload.ask("HEAD")).status == 410


async def test_expiry_is_told_and_put_off_by_each_piece(service: RunningService, uploader: Uploader) -> None:
    upload = await uploader.begin(10)
    await later(service, 23)
    told = parsedate_to_datetime((await upload.ask("HEAD")).headers["Upload-Expires"])
    assert timedelta(minutes=58) < told - datetime.now(UTC) < timedelta(minutes=62)
    put_off = parsedate_to_datetime((await upload.add(b"hello", 0)).headers["Upload-Expires"])
    assert put_off - told > timedelta(hours=22)


async def test_expired_upload_is_gone_and_gives_its_quota_back(
    service: RunningService, ada: Person, uploader: Uploader, upkeep: Upkeep
) -> None:
    """F10: expired -> 410, quota returned."""
    before = events("expired")
    expired = [await uploader.begin(1000) for _ in range(3)]
    await expired[0].add(b"x" * 500, 0)
    await later(service, 24.1)
    kept = await uploader.begin(7)
    assert (await expired[0].ask("HEAD")).status == 410
    assert (await expired[0].patch(b"x" * 500, 500)).status == 410
    await upkeep.run()
    assert (await usage(ada))["reserved"] == 7
    assert events("expired") == before + 3
    await service.settled(blobs=0)
    assert (await expired[0].ask("HEAD")).status == 410
    assert await kept.offset() == 0
    assert await in_balance(service, ada.user_id)


async def test_uploads_that_are_over_are_forgotten_after_a_day(
    service: RunningService, uploader: Uploader, upkeep: Upkeep, database: Database
) -> None:
    finished, ended, unfinished = [await uploader.begin(5) for _ in range(3)]
    await finished.add(b"hello", 0)
    await ended.ask("DELETE")
    await later(service, 23)
    await purge(database, [PURGE_UPLOADS])
    assert [(await each.ask("HEAD")).status for each in (finished, ended)] == [200, 410]
    await unfinished.add(b"h", 0)
    await later(service, 1.1)
    await purge(database, [PURGE_UPLOADS])
    assert [(await each.ask("HEAD")).status for each in (finished, ended, unfinished)] == [404, 404, 200]


async def test_upload_whose_client_never_came_back_for_its_end_is_finished(
    service: RunningService, ada: Person, uploader: Uploader, upkeep: Upkeep
) -> None:
    upload = await uploader.begin(5)
    await upload.add(b"hello", 0)
    await service.fetch("delete from files.file")
    await service.fetch("update files.upload set state = 'open', reserved = length, purpose = 'file'")
    await service.fetch("update files.owner set bytes = 0, reserved = 5")
    await upkeep.run()
    assert (await usage(ada))["files"] == 0  # somebody may be at it
    await later(service, 0.1)
    await upkeep.run()
    assert await usage(ada) == {"bytes": 5, "reserved": 0, "quota": 5 * 1024**3, "files": 1}


async def test_empty_upload_that_many_finish_is_of_one_blob(
    service: RunningService, uploader: Uploader, database: Database, upkeep: Upkeep
) -> None:
    await uploader.begin(0)
    await service.fetch("delete from files.file")
    await service.fetch("update files.blob set holder_id = null, due_at = now()")
    (row,) = await service.fetch("update files.upload set state = 'open', purpose = 'file' returning upload_id")
    unfinished = await UploadRepository(database).get_by_id(row["upload_id"])
    await asyncio.gather(*(upkeep.finishing.finish(unfinished) for _ in range(3)))
    await service.settled(blobs=1)
    assert len(await service.fetch("select from files.blob")) == 1


async def test_deleted_account_takes_its_uploads_along(
    service: RunningService, ada: Person, uploader: Uploader
) -> None:
    """U10"""
    upload = await uploader.begin(1000)
    await upload.add(b"x" * 500, 0)
    finished = await uploader.begin(5)
    await finished.add(b"hello", 0)
    service.accounts.tell("user_deleted", ada.user_id)
    await service.accounts.caught_up()
    assert [(await each.ask("HEAD")).status for each in (upload, finished)] == [404, 404]
    refused = await uploader.post(Upload_Length="5")
    assert (refused.status, await code(refused)) == (401, "unauthenticated")
    assert await service.fetch("select from files.upload") == []
    (owner,) = await service.fetch("select bytes, reserved from files.owner")
    assert tuple(owner) == (0, 0)
    await service.settled(blobs=0)


async def test_account_deleted_amid_writing_leaves_nothing(
    service: RunningService, ada: Person, uploader: Uploader
) -> None:
    """U10"""
    uploads = [await uploader.begin(300_000) for _ in range(10)]

    async def write(upload: Uploader) -> set[int]:
        return {(await upload.patch(b"x" * 100_000, offset)).status for offset in (0, 100_000, 200_000)}

    async def end_account() -> None:
        service.accounts.tell("user_deleted", ada.user_id)

    outcomes, _ = await asyncio.gather(asyncio.gather(*map(write, uploads)), end_account())
    await service.accounts.caught_up()
    assert set().union(*outcomes) <= {204, 404, 410}
    await service.settled(blobs=0)
    assert await service.fetch("select from files.blob") == []
