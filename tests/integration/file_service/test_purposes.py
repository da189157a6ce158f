"""What may be stored for which purpose, and files whose bytes lie in several blobs."""

import hashlib
import os
from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from file_service.context import FILES
from file_service.domain.file import HeldBlob
from file_service.repository.blobs import expect_blob, keep_blob
from file_service.storage.contract import new_key
from tests.integration.file_service.running_service import Person, RunningService

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64


async def test_purpose_is_kept_and_told(ada: Person) -> None:
    answer = await ada.post(PNG, {"Content-Type": "image/png"}, purpose="avatar")
    assert answer.status == 201
    view = await answer.json()
    assert (view["purpose"], view["content_type"]) == ("avatar", "image/png")
    assert (await ada.upload(b"x"))["purpose"] == "file"


@pytest.mark.parametrize(
    ("content", "purpose", "status", "code"),
    [
        pytest.param(b"<svg></svg>", "avatar", 422, "type_not_allowed", id="the bytes count, not what is declared"),
        pytest.param(b"", "avatar", 422, "type_not_allowed", id="nothing at all"),
        pytest.param(PNG + b"\0" * 5 * 1024**2, "avatar", 413, "file_too_large", id="larger than an avatar may be"),
        pytest.param(PNG, "nonsense", 422, "unknown_purpose", id="no such purpose"),
        pytest.param(PNG, "a" * 33, 400, "invalid_parameter", id="no name of a purpose"),
    ],
)
async def test_purpose_refuses(ada: Person, content: bytes, purpose: str, status: int, code: str) -> None:
    answer = await ada.post(content, {"Content-Type": "image/svg+xml"}, purpose=purpose)
    assert (answer.status, (await answer.json())["code"]) == (status, code)


async def test_nothing_is_left_of_what_a_purpose_refuses(service: RunningService, ada: Person) -> None:
    assert (await ada.post(PNG + b"\0" * 5 * 1024**2, purpose="avatar")).status == 413
    await service.settled(blobs=0)


async def test_file_of_several_blobs_is_read_as_one(service: RunningService, ada: Person) -> None:
    content = os.urandom(700_000)
    view = await ada.upload(content[:300_000])
    await _lengthen(service, view["id"], content)
    whole = await ada.content(view["id"])
    assert await whole.read() == content
    for start, end in ((0, 0), (299_999, 300_000), (300_000, 300_000), (100_000, 650_000), (699_999, 699_999)):
        part = await ada.content(view["id"], Range=f"bytes={start}-{end}")
        assert (part.status, await part.read()) == (206, content[start : end + 1])
    assert await ada.delete(view["id"]) == 204
    await service.settled(blobs=0)


async def one(chunk: bytes) -> AsyncIterator[bytes]:
    yield chunk


async def _lengthen(service: RunningService, file_id: str, content: bytes) -> None:
    """Give the file a second and third blob, as resumed uploads do."""
    context = service.public.app[FILES]
    for start, end in ((300_000, 500_000), (500_000, 700_000)):
        key = new_key()
        await expect_blob(context.database, key)

        written = await context.storage.write(key, one(content[start:end]))
        async with context.database.transaction() as connection:
            await keep_blob(connection, UUID(file_id), HeldBlob(key, start, written.size, written.sha256))
    await service.fetch("update files.owner set bytes = $1", len(content))
    await service.fetch(
        "update files.file set size = $2, sha256 = $3 where file_id = $1::uuid",
        file_id,
        len(content),
        hashlib.sha256(content).digest(),
    )
