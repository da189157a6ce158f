"""Bytes that come with a checksum: all of a request's or none, and nothing is made of what is damaged."""

from functools import partial

import pytest

from tests.integration.file_service.raw import open_raw, request_head
from tests.integration.file_service.running_service import Person, RunningService
from tests.integration.file_service.uploading import (
    BYTES,
    TUS,
    Uploader,
    checksum,
    code,
    has_writer,
    in_balance,
    metadata,
    usage,
)
from tests.waiting import eventually


@pytest.mark.parametrize("algorithm", ["sha256", "sha1", "md5"])
async def test_checksum_is_all_or_nothing(service: RunningService, uploader: Uploader, algorithm: str) -> None:
    """F10: bad checksum -> 460, offset unchanged."""
    upload = await uploader.begin(10)
    refused = await upload.patch(b"hallo", 0, **checksum(b"hello", algorithm))
    assert (refused.status, await code(refused)) == (460, "checksum_mismatch")
    refused = await upload.patch(b"", 0, **checksum(b"hello", algorithm))
    assert refused.status == 460
    assert await upload.offset() == 0
    await service.settled(blobs=0)
    await upload.add(b"hello", 0, **checksum(b"hello", algorithm))
    await upload.add(b"", 5, **checksum(b"", algorithm))
    assert await upload.content(await upload.add(b"world", 5)) == b"helloworld"


@pytest.mark.parametrize("value", ["crc32 AAAA", "sha1", "sha1 AAAA", "sha1 not*base64", "sha256 \u00e4", ""])
async def test_malformed_checksum_is_refused(uploader: Uploader, value: str) -> None:
    upload = await uploader.begin(5)
    refused = await upload.patch(b"hello", 0, **{"Upload-Checksum": value})
    assert (refused.status, await code(refused)) == (400, "malformed_upload_header")
    assert await upload.offset() == 0


async def test_body_with_a_checksum_that_breaks_off_is_not_kept(
    service: RunningService, ada: Person, uploader: Uploader
) -> None:
    upload = await uploader.begin(1_000_000)
    headers = {**TUS, **BYTES, "Upload-Offset": 0, "Content-Length": 1_000_000, **checksum(b"x" * 1_000_000)}
    async with open_raw(service.public) as (_, writer):
        writer.write(request_head("PATCH", upload.path, ada, headers) + b"x" * 600_000)
        await eventually(partial(has_writer, service))
        writer.transport.abort()
        await service.settled(blobs=0)
    assert await upload.offset() == 0


async def test_type_of_damaged_bytes_ends_nothing(service: RunningService, ada: Person, uploader: Uploader) -> None:
    """F10: bad checksum -> 460, offset unchanged, whatever the damaged bytes look like."""
    content = b"\x89PNG\r\n\x1a\n" + bytes(20_000)
    upload = await uploader.begin(40_000, **metadata(purpose="picture"))
    refused = await upload.patch(b"<html>" + content[6:], 0, **checksum(content))
    assert (refused.status, await code(refused)) == (460, "checksum_mismatch")
    assert await upload.offset() == 0
    await upload.add(content, 0, **checksum(content))
    await upload.add(b"x" * 10_000, len(content), **checksum(b"x" * 10_000))
    assert await in_balance(service, ada.user_id)


async def test_type_of_bytes_with_a_checksum_is_judged_once_they_are_sound(
    service: RunningService, ada: Person, uploader: Uploader
) -> None:
    """F12"""
    content = b"<html>" + b"x" * 10_000
    upload = await uploader.begin(20_000, **metadata(purpose="picture"))
    await upload.add(content[:4000], 0, **checksum(content[:4000]))
    refused = await upload.patch(content[4000:], 4000, **checksum(content[4000:]))
    assert (refused.status, await code(refused)) == (422, "type_not_allowed")
    assert (await upload.ask("HEAD")).status == 410
    assert (await usage(ada))["reserved"] == 0
    await service.settled(blobs=0)
