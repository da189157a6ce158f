"""A writer whose place was taken while its bytes came adds nothing, reserves nothing, and ends nothing."""

import asyncio
from functools import partial

import pytest

from file_service.domain.uploads import Upload
from file_service.uploads.resumable.resumable import Resumable
from tests.integration.file_service.running_service import Person, RunningService
from tests.integration.file_service.test_resuming import slow_writer, status_of
from tests.integration.file_service.uploading import Uploader, has_writer, in_balance, metadata, usage
from tests.waiting import eventually


PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def uploader(ada: Person) -> Uploader:
    return Uploader(ada)


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
