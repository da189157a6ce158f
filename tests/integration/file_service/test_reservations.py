"""What unfinished uploads may take of the quota, and how many there may be."""

import asyncio

import pytest

from shared.ids import uuid7
from tests.integration.file_service.running_service import Person, RunningService
from tests.integration.file_service.uploading import Uploader, code, in_balance, usage

LARGEST, QUOTA = 1_000_000, 2_000_000


@pytest.fixture
def eve(small_service: RunningService) -> Uploader:
    """1 MB a file, 2 MB in all."""
    return Uploader(small_service.person(uuid7()))


async def test_too_large_a_file_is_refused_at_once_or_when_its_length_is_told(eve: Uploader) -> None:
    refused = await eve.post(Upload_Length=str(LARGEST + 1))
    assert (refused.status, await code(refused)) == (413, "file_too_large")
    upload = await eve.begin(None)
    refused = await upload.patch(b"", 0, Upload_Length=str(LARGEST + 1))
    assert (refused.status, await code(refused)) == (413, "file_too_large")
    refused = await upload.patch(b"x" * (LARGEST + 1), 0)
    assert (refused.status, await code(refused)) == (413, "upload_length_exceeded")
    await upload.add(b"x" * LARGEST, 0)


async def test_fifty_parallel_uploads_reserve_the_quota_once(small_service: RunningService, eve: Uploader) -> None:
    """F18: 50 parallel uploads at 60 % of the quota -> one fits; ending it frees it, for plain uploads too."""
    await eve.begin(LARGEST)
    answers = await asyncio.gather(*(eve.post(Upload_Length="600000") for _ in range(50)))
    assert sorted(answer.status for answer in answers) == [201] + [413] * 49
    plain = await eve.person.post(b"x" * 600_000)
    assert (plain.status, await code(plain)) == (413, "quota_exceeded")
    (fitting,) = [answer for answer in answers if answer.status == 201]
    assert await usage(eve.person) == {"bytes": 0, "reserved": LARGEST + 600_000, "quota": QUOTA, "files": 0}
    assert (await eve.at(fitting).ask("DELETE")).status == 204
    await eve.person.upload(b"x" * 600_000)
    assert await in_balance(small_service, eve.person.user_id)


async def test_deferred_uploads_reserve_as_bytes_come(small_service: RunningService, eve: Uploader) -> None:
    """F18"""
    uploads = [await eve.begin(None) for _ in range(4)]
    answers = await asyncio.gather(*(upload.patch(b"x" * 600_000, 0) for upload in uploads))
    assert sorted(answer.status for answer in answers) == [204] * 3 + [413]
    refused = await uploads[0].patch(b"", 600_000, Upload_Length=str(LARGEST))
    assert refused.status in (409, 413)
    assert (await usage(eve.person))["reserved"] == 1_800_000
    assert await in_balance(small_service, eve.person.user_id)
    await small_service.settled(blobs=3)


async def test_number_of_unfinished_uploads_is_bounded(
    service: RunningService, ada: Person, uploader: Uploader
) -> None:
    upload = await uploader.begin(5)
    await service.fetch(
        """
        insert into files.upload (
            upload_id, token_hash, owner_id, name, declared_type, purpose, metadata, kind, expires_at
        )
        select gen_random_uuid(), sha256(n::text::bytea), $1, 'x', '', 'file', '', 'whole', now() + interval '1 hour'
        from generate_series(1, 999) as n
        """,
        ada.user_id,
    )
    refused = await uploader.post(Upload_Length="5")
    assert (refused.status, await code(refused), refused.headers["Retry-After"]) == (429, "too_many_uploads", "60")
    await upload.add(b"hello", 0)
    await uploader.begin(5)
