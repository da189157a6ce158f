"""tus 1.0.0, request by request."""

import hashlib
import os

import pytest

from tests.integration.file_service.running_service import Person, RunningService
from tests.integration.file_service.uploading import (
    BYTES,
    UPLOADS,
    Uploader,
    code,
    in_balance,
    metadata,
    usage,
)

MIB = 1024**2


async def test_options_tells_what_is_spoken(service: RunningService, ada: Person) -> None:
    answer = await ada.client.options(UPLOADS, headers=ada.headers)
    assert answer.status == 204
    assert answer.headers["Tus-Version"] == "1.0.0"
    assert answer.headers["Tus-Max-Size"] == str(1024**3)
    assert answer.headers["Tus-Checksum-Algorithm"] == "sha256,sha1,md5"
    assert answer.headers["Tus-Extension"] == (
        "creation,creation-with-upload,creation-defer-length,checksum,expiration,termination,concatenation"
    )


async def test_upload_in_pieces_becomes_a_file(service: RunningService, ada: Person, uploader: Uploader) -> None:
    content = os.urandom(1_000_000)
    made = await uploader.post(Upload_Length="1000000", **metadata(filename="a b.bin", filetype="application/x-own"))
    upload = uploader.at(made)
    assert (made.headers["Upload-Offset"], made.headers["Tus-Resumable"]) == ("0", "1.0.0")
    assert "Upload-Expires" in made.headers
    first = await upload.add(content[:300_000], 0)
    assert "Content-Location" not in first.headers
    last = await upload.add(content[300_000:], 300_000)

    file = await (await ada.get(last.headers["Content-Location"])).json()
    assert (file["name"], file["size"], file["content_type"]) == ("a b.bin", 1_000_000, "application/x-own")
    assert file["sha256"] == hashlib.sha256(content).hexdigest()
    assert await upload.content(last) == content
    head = await upload.ask("HEAD")
    assert head.headers["Content-Location"] == last.headers["Content-Location"]
    assert (head.headers["Upload-Offset"], head.headers["Upload-Length"]) == ("1000000", "1000000")
    assert head.headers["Cache-Control"] == "no-store"
    assert await usage(ada) == {"bytes": 1_000_000, "reserved": 0, "quota": 5 * 1024**3, "files": 1}
    assert await in_balance(service, ada.user_id)


async def test_first_bytes_may_come_with_the_creation(ada: Person, uploader: Uploader) -> None:
    made = await uploader.post(b"hello ", Upload_Length="11", **BYTES)
    assert (made.status, made.headers["Upload-Offset"]) == (201, "6")
    last = await uploader.at(made).add(b"world", 6)
    assert await uploader.content(last) == b"hello world"
    whole = await uploader.post(b"hello", Upload_Length="5", **BYTES)
    assert await uploader.content(whole) == b"hello"


@pytest.mark.parametrize("deferred", [False, True])
async def test_file_without_bytes_needs_no_patch(ada: Person, uploader: Uploader, deferred: bool) -> None:  # noqa: FBT001  a case
    if deferred:
        upload = await uploader.begin(None)
        finished = await upload.patch(b"", 0, Upload_Length="0")
    else:
        finished = await uploader.post(Upload_Length="0")
    assert await uploader.content(finished) == b""


async def test_length_may_be_told_later_and_then_holds(
    service: RunningService, ada: Person, uploader: Uploader
) -> None:
    """F6: changed later -> 400."""
    upload = await uploader.begin(None)
    assert (await upload.add(b"x" * 10, 0)).headers["Upload-Defer-Length"] == "1"
    assert (await usage(ada))["reserved"] == 10
    refused = await upload.patch(b"", 10, Upload_Length="9")
    assert (refused.status, await code(refused)) == (400, "malformed_upload_header")
    await upload.add(b"y" * 5, 10, Upload_Length="20")
    assert (await usage(ada))["reserved"] == 20
    refused = await upload.patch(b"z" * 5, 15, Upload_Length="21")
    assert (refused.status, await code(refused)) == (400, "malformed_upload_header")
    last = await upload.add(b"z" * 5, 15, Upload_Length="20")
    assert await upload.content(last) == b"x" * 10 + b"y" * 5 + b"z" * 5
    assert await in_balance(service, ada.user_id)


@pytest.mark.parametrize("offset", [0, 4, 6, 2**62])
async def test_wrong_offset_is_refused_and_changes_nothing(uploader: Uploader, offset: int) -> None:
    """F1: wrong offset -> 409, unchanged."""
    upload = await uploader.begin(10)
    await upload.add(b"hello", 0)
    refused = await upload.patch(b"world", offset)
    assert (refused.status, await code(refused)) == (409, "upload_offset_mismatch")
    assert refused.headers["Tus-Resumable"] == "1.0.0"
    assert await upload.offset() == 5
    assert await upload.content(await upload.add(b"world", 5)) == b"helloworld"
