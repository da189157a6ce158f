"""How several partial uploads become one: no byte is copied, and each is part of one alone."""

import asyncio
import hashlib
import os

import pytest

from tests.integration.file_service.running_service import Person, RunningService
from tests.integration.file_service.uploading import UPLOADS, Uploader, code, in_balance, metadata, usage


async def test_parts_become_one_file_without_copying(service: RunningService, ada: Person, uploader: Uploader) -> None:
    content = os.urandom(300_000)
    parts = [await uploader.begin(100_000, **{"Upload-Concat": "partial"}) for _ in range(3)]
    assert (await parts[0].ask("HEAD")).headers["Upload-Concat"] == "partial"
    for number, part in reversed(list(enumerate(parts))):
        own = content[number * 100_000 : (number + 1) * 100_000]
        await part.add(own[:60_000], 0)
        assert "Content-Location" not in (await part.add(own[60_000:], 60_000)).headers
    before = {blob.name for blob in service.blobs()}
    joined = await uploader.concatenate(parts, **metadata(filename="joined.bin"))
    assert joined.status == 201
    assert {blob.name for blob in service.blobs()} == before
    final = uploader.at(joined)
    assert await final.content(joined) == content
    file = await (await ada.get(joined.headers["Content-Location"])).json()
    assert (file["name"], file["sha256"]) == ("joined.bin", hashlib.sha256(content).hexdigest())
    assert [(await part.ask("HEAD")).status for part in parts] == [410] * 3
    refused = await final.patch(b"x", 300_000)
    assert (refused.status, await code(refused)) == (403, "upload_takes_no_bytes")
    assert await in_balance(service, ada.user_id)


async def test_final_upload_tells_its_concatenation_as_it_came(service: RunningService, uploader: Uploader) -> None:
    """tus 1.0.0: the answer to HEAD has the value that was received."""
    parts = [await uploader.begin(0, **{"Upload-Concat": "partial"}) for _ in range(2)]
    sent = f"final;https://any.example{parts[1].path}  {parts[0].path}"
    joined = await uploader.post(**{"Upload-Concat": sent})
    assert (joined.status, joined.headers["Upload-Concat"]) == (201, sent)
    final = uploader.at(joined)
    assert (await final.ask("HEAD")).headers["Upload-Concat"] == sent
    await service.fetch("update files.upload set concat = null")  # by the release before, which doesn't keep it
    assert (await final.ask("HEAD")).headers["Upload-Concat"] == "final;"


async def test_parts_may_be_named_by_whole_urls(uploader: Uploader) -> None:
    parts = [await uploader.begin(0, **{"Upload-Concat": "partial"}) for _ in range(2)]
    named = " ".join(f"https://any.example{part.path}" for part in parts)
    assert (await uploader.post(**{"Upload-Concat": f"final;{named}"})).status == 201


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("final;", id="none"),
        pytest.param("final;../../etc/passwd", id="traversal"),
        pytest.param("final;/v1/files/uploads/../uploads/x", id="traversal to itself"),
        pytest.param("final;/v1/files/x", id="another path"),
        pytest.param("final;/evil/v1/files/uploads/x", id="another prefix"),
        pytest.param("final;http://\u00fc/v1/files/uploads/x", id="a host beyond ASCII"),
        pytest.param("final;ftp://x/v1/files/uploads/x", id="another scheme"),
        pytest.param("final;" + " ".join(f"/v1/files/uploads/{number}" for number in range(101)), id="too many"),
        pytest.param("final;/v1/files/uploads/x /v1/files/uploads/x", id="one twice"),
        pytest.param("final", id="no list"),
        pytest.param("whole", id="another word"),
    ],
)
async def test_malformed_concatenation_is_refused(uploader: Uploader, value: str) -> None:
    """F7: Upload-Concat `../` -> 400."""
    refused = await uploader.post(**{"Upload-Concat": value})
    assert (refused.status, await code(refused)) == (400, "malformed_upload_header")


async def test_others_parts_and_what_is_no_part_can_not_be_joined(
    service: RunningService, ada: Person, bob: Person, uploader: Uploader
) -> None:
    """F7: a foreign id -> 404."""
    mine, theirs = [await Uploader(each).begin(0, **{"Upload-Concat": "partial"}) for each in (ada, bob)]
    whole = await uploader.begin(5)
    for stranger in (theirs, whole, Uploader(ada, f"{UPLOADS}/upl_x")):
        refused = await uploader.concatenate([mine, stranger])
        assert (refused.status, await code(refused)) == (404, "not_found")
    unfinished = await uploader.begin(5, **{"Upload-Concat": "partial"})
    refused = await uploader.concatenate([mine, unfinished])
    assert (refused.status, await code(refused)) == (409, "upload_incomplete")
    await unfinished.ask("DELETE")
    assert (await uploader.concatenate([mine, unfinished])).status == 410
    assert await theirs.offset() == await mine.offset() == 0


async def test_parts_that_may_not_be_a_file_stay_parts(uploader: Uploader) -> None:
    part = await uploader.begin(5, **{"Upload-Concat": "partial"})
    await part.add(b"hello", 0)
    refused = await uploader.concatenate([part], **metadata(purpose="picture"))
    assert (refused.status, await code(refused)) == (422, "type_not_allowed")
    assert (await uploader.concatenate([part])).status == 201


async def test_parts_are_joined_once(service: RunningService, ada: Person, uploader: Uploader) -> None:
    parts = [await uploader.begin(5, **{"Upload-Concat": "partial"}) for _ in range(2)]
    for part in parts:
        await part.add(b"hello", 0)
    orders = [parts, parts[::-1]] * 3
    answers = await asyncio.gather(*(uploader.concatenate(order) for order in orders))
    assert sorted(answer.status in (404, 410) for answer in answers) == [False] + [True] * 5
    assert (await usage(ada))["bytes"] == 10
    assert await in_balance(service, ada.user_id)
