import pytest

from shared.ids import uuid7
from tests.integration.file_service.links import share, upload_link
from tests.integration.file_service.running_service import Person, RunningService

SUFFIXES = ("", "/{file}", "/shares", "/upload-links")


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


async def test_auth_service_is_told_of_links_without_their_secrets(
    service: RunningService, ada: Person, bob: Person
) -> None:
    shares = [await share(ada, (await ada.upload(b"x"))["id"], password="open sesame") for _ in range(3)]
    links = [await upload_link(ada, note="Photos, please.")]
    await share(bob, (await bob.upload(b"y"))["id"])
    await upload_link(bob)
    for kind, made in (("shares", shares), ("upload-links", links)):
        path, listed, query = f"/internal/exports/{ada.user_id}/{kind}", [], {"limit": "2"}
        while query:
            async with service.private.get(path, params=query, headers=service.asked_by_auth_service()) as answer:
                page = await answer.json()
            listed += page["items"]
            query = {"limit": "2", "cursor": page["next_cursor"]} if page["next_cursor"] else {}
        told = [{name: each[name] for name in each if not name.endswith("url")} for each in made]
        assert sorted(listed, key=str) == sorted(told, key=str)


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


@pytest.mark.parametrize("suffix", SUFFIXES, ids=["list", "bytes", "shares", "upload links"])
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
