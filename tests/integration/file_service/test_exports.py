import pytest

from shared.ids import uuid7
from tests.integration.file_service.running_service import Person, RunningService

SUFFIXES = ("", "/{file}")


async def test_auth_service_is_told_of_files_and_their_bytes(service: RunningService, ada: Person, bob: Person) -> None:
    files = [await ada.upload(content, f"{len(content)}.txt") for content in (b"", b"x", b"y" * 1_000_000)]
    await bob.upload(b"of bob")
    headers, path = service.asked_by_auth_service(), f"/internal/exports/{ada.user_id}"
    listed, query = [], {"limit": "2"}
    while query:
        async with service.private.get(path, params=query, headers=headers) as answer:
            page = await answer.json()
        listed += page["items"]
        query = {"limit": "2", "cursor": page["next_cursor"]} if page["next_cursor"] else {}
    assert listed == files[::-1]
    for file, content in zip(files, (b"", b"x", b"y" * 1_000_000), strict=True):
        async with service.private.get(f"{path}/{file['id']}", headers=headers | {"Range": "bytes=1-2"}) as answer:
            assert (answer.status, await answer.read()) == (200, content)


async def test_head_of_a_file_has_no_bytes(service: RunningService, ada: Person) -> None:
    file = await ada.upload(b"abc")
    path = f"/internal/exports/{ada.user_id}/{file['id']}"
    async with service.private.head(path, headers=service.asked_by_auth_service()) as answer:
        assert (answer.status, answer.headers["Content-Length"], await answer.read()) == (200, "3", b"")


async def test_file_is_only_told_with_its_owner(service: RunningService, ada: Person, bob: Person) -> None:
    file = await ada.upload(b"abc")
    for owner_id, file_id in ((bob.user_id, file["id"]), (ada.user_id, uuid7())):
        path = f"/internal/exports/{owner_id}/{file_id}"
        async with service.private.get(path, headers=service.asked_by_auth_service()) as answer:
            assert answer.status == 404


@pytest.mark.parametrize("suffix", SUFFIXES, ids=["list", "bytes"])
async def test_nobody_else_is_told(service: RunningService, ada: Person, suffix: str) -> None:
    file = await ada.upload(b"abc")
    path = f"/internal/exports/{ada.user_id}{suffix.format(file=file['id'])}"
    for headers in service.asked_by_others():
        async with service.private.get(path, headers=headers) as answer:
            assert (answer.status, (await answer.json())["code"]) == (403, "forbidden")
    async with service.private.get(path) as answer:
        assert answer.status == 401
    async with service.public.get(path, headers=service.asked_by_auth_service()) as answer:
        assert answer.status == 404
