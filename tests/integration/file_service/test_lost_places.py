"""A writer whose place was taken while its bytes came adds nothing, reserves nothing, and ends nothing."""

import asyncio
from dataclasses import replace
from functools import partial
from urllib.parse import urlsplit

import pytest

from file_service.context import RESUMABLE
from file_service.domain.uploads import Upload
from file_service.repository.uploads import UploadRepository
from file_service.uploads.resumable import writer
from file_service.uploads.resumable.resumable import Resumable
from file_service.uploads.resumable.upkeep import Upkeep
from tests.integration.file_service.links import Stranger, drop_of, upload_link
from tests.integration.file_service.running_service import Person, RunningService
from tests.integration.file_service.test_resuming import is_at, slow_writer, status_of
from tests.integration.file_service.uploading import TUS, Uploader, has_writer, in_balance, metadata, usage
from tests.waiting import eventually

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.mark.parametrize("length", [5, 1000], ids=["less than comes", "more than comes"])
async def test_length_told_amid_a_piece_takes_the_writers_place(
    service: RunningService, ada: Person, uploader: Uploader, length: int
) -> None:
    """F2, F18: bytes past Upload-Length are never stored, and what is reserved is what the upload says."""
    upload = await uploader.begin(None)
    async with slow_writer(upload, 100) as (reader, sender):
        sender.write(b"o" * 50)
        await eventually(partial(has_writer, service))
        assert (await upload.patch(b"", 0, Upload_Length=str(length))).status == 204
        sender.write(b"o" * 50)
        assert await status_of(reader) == 409
    assert (await usage(ada))["reserved"] == length
    assert await in_balance(service, ada.user_id)
    assert await upload.content(await upload.add(b"n" * length, 0)) == b"n" * length
    assert await in_balance(service, ada.user_id)


async def test_length_told_before_the_first_byte_of_another_request_holds_for_that_too(
    service: RunningService, ada: Person, uploader: Uploader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F2"""
    prepared = asyncio.Event()
    asked = Resumable.room

    def room(resumable: Resumable, upload: Upload) -> int:
        prepared.set()
        return asked(resumable, upload)

    monkeypatch.setattr(Resumable, "room", room)
    upload = await uploader.begin(None)
    async with slow_writer(upload, 100) as (reader, sender):
        await asyncio.wait_for(prepared.wait(), 20)
        assert (await upload.patch(b"", 0, Upload_Length="5")).status == 204
        sender.write(b"o" * 100)
        assert await status_of(reader) == 409
    assert await upload.content(await upload.add(b"hello", 0)) == b"hello"
    assert await in_balance(service, ada.user_id)


async def test_type_of_bytes_that_lost_their_place_ends_nothing(
    service: RunningService, ada: Person, uploader: Uploader
) -> None:
    upload = await uploader.begin(30_000, **metadata(purpose="picture"))
    async with slow_writer(upload, 30_000) as (reader, sender):
        sender.write(b"<html>")
        await eventually(partial(has_writer, service))
        await upload.add(PNG + bytes(9992), 0)
        sender.write(b"x" * 20_000)
        assert await status_of(reader) == 409
    assert await upload.offset() == 10_000
    await service.settled(blobs=1)
    assert await in_balance(service, ada.user_id)


async def test_revoked_link_stops_who_is_sending_by_it(
    service: RunningService, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "PIECE_BYTES", 100_000)
    link = await upload_link(ada)
    stranger = Stranger(service)
    made = await stranger.ask("POST", f"{drop_of(link)}/uploads", TUS | {"Upload-Length": "400000"})
    upload = Uploader(replace(ada, headers=stranger.headers), urlsplit(made.headers["Location"]).path)
    async with slow_writer(upload, 400_000) as (reader, sender):
        sender.write(b"x" * 150_000)
        await eventually(partial(is_at, upload, 100_000))
        await ada.client.delete(f"/v1/files/upload-links/{link['id']}", headers=ada.headers)
        sender.write(b"x" * 250_000)
        assert await status_of(reader) == 409
    (row,) = await service.fetch("select received, expires_at <= now() as over from files.upload")
    assert tuple(row) == (100_000, True)  # so the upkeep ends it, as all that are


async def test_upload_that_goes_on_while_overdue_ones_are_ended_stays(
    service: RunningService, ada: Person, uploader: Uploader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was acknowledged is kept: a writer that began in time may add to what was listed as overdue."""
    upload, forgotten = await uploader.begin(10), await uploader.begin(10)
    resumable, listed = service.public.app[RESUMABLE], UploadRepository.list_overdue
    async with slow_writer(upload, 5) as (reader, sender):
        sender.write(b"he")
        await eventually(partial(has_writer, service))
        await service.fetch("update files.upload set expires_at = now() - interval '1 second'")

        async def list_overdue(uploads: UploadRepository, limit: int) -> list[Upload]:
            overdue = await listed(uploads, limit)
            if len(overdue) == 2:
                sender.write(b"llo")
                assert await status_of(reader) == 204
            return overdue

        monkeypatch.setattr(UploadRepository, "list_overdue", list_overdue)
        await Upkeep(resumable.database, resumable.finishing, resumable.lifetime).run()
    assert await upload.offset() == 5
    assert (await forgotten.ask("HEAD")).status == 410
    assert await upload.content(await upload.add(b"world", 5)) == b"helloworld"
    assert await in_balance(service, ada.user_id)
