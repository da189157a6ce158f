import asyncio

import pytest

from shared.ids import uuid7
from tests.integration.file_service.running_service import Person, RunningService
from tests.unit.file_service.headers.in_memory import picture

KEY = {"Idempotency-Key": "0192-abc"}


async def test_retried_upload_gets_the_first_answer(service: RunningService, ada: Person) -> None:
    first = await ada.post(b"content", KEY, name="a.txt")
    again = await ada.post(b"content", KEY, name="a.txt")
    assert (first.status, again.status) == (201, 201)
    assert await first.json() == await again.json()
    assert first.headers["Location"] == again.headers["Location"]
    assert first.headers["ETag"] == again.headers["ETag"]
    assert len((await (await ada.get("/v1/files")).json())["items"]) == 1
    await service.settled(blobs=1)
    assert [row["bytes"] for row in await service.fetch("select bytes from files.owner")] == [7]


async def test_retried_upload_gets_the_first_answer_though_it_would_not_fit_twice(
    small_service: RunningService,
) -> None:
    ada = small_service.person(uuid7())
    content = b"x" * 900_000
    await ada.upload(content)
    first = await ada.post(content, KEY)
    again = await ada.post(content, KEY)
    assert (first.status, again.status) == (201, 201)
    assert await first.json() == await again.json()
    await small_service.settled(blobs=2)


@pytest.mark.parametrize(
    ("content", "name", "content_type"),
    [(b"other", "a.txt", "text/plain"), (b"content", "b.txt", "text/plain"), (b"content", "a.txt", "text/csv")],
)
async def test_key_of_another_upload_is_refused(
    service: RunningService, ada: Person, content: bytes, name: str, content_type: str
) -> None:
    await ada.post(b"content", {**KEY, "Content-Type": "text/plain"}, name="a.txt")
    answer = await ada.post(content, {**KEY, "Content-Type": content_type}, name=name)
    assert (answer.status, (await answer.json())["code"]) == (422, "idempotency_key_reused")
    await service.settled(blobs=1)


async def test_key_of_another_purpose_is_refused(service: RunningService, ada: Person) -> None:
    photo = picture("PNG")
    usual = await ada.post(photo, KEY, name="a.png")
    other = await ada.post(photo, KEY, name="a.png", purpose="avatar")
    assert (other.status, (await other.json())["code"]) == (422, "idempotency_key_reused")
    again = await ada.post(photo, KEY, name="a.png", purpose="file")
    assert (again.status, (await again.json())["id"]) == (201, (await usual.json())["id"])
    await service.settled(blobs=1)


async def test_key_is_its_owners(service: RunningService, ada: Person, bob: Person) -> None:
    mine, theirs = [await (await person.post(b"x", KEY)).json() for person in (ada, bob)]
    assert mine["id"] != theirs["id"]
    await service.settled(blobs=2)


async def test_parallel_retries_store_one_file(service: RunningService, ada: Person) -> None:
    answers = await asyncio.gather(*(ada.post(b"content", KEY) for _ in range(10)))
    stored = {(await answer.json())["id"] for answer in answers if answer.status == 201}
    assert {answer.status for answer in answers} <= {201, 409}
    assert len(stored) == 1
    await service.settled(blobs=1)


@pytest.mark.parametrize("key", ["", "k" * 256, "ü"])
async def test_malformed_key_is_refused_before_the_file_is_read(service: RunningService, ada: Person, key: str) -> None:
    answer = await ada.post(b"x", {"Idempotency-Key": key})
    assert (answer.status, (await answer.json())["code"]) == (400, "invalid_idempotency_key")
    await service.settled(blobs=0)
