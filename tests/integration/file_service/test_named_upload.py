"""A file sent to its name, as `curl -T` does."""

import asyncio
import io
from collections.abc import Mapping

import pytest
from aiohttp import ClientResponse
from yarl import URL

from shared.ids import uuid7
from tests.integration.file_service.running_service import Person, RunningService


async def put(person: Person, path: str, content: bytes, headers: Mapping[str, str] | None = None) -> ClientResponse:
    """`path` goes out as it is written."""
    url, all_headers = URL(path, encoded=True), {**person.headers, **(headers or {})}
    return await person.client.put(url, data=io.BytesIO(content), headers=all_headers)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("notes.txt", "notes.txt"),
        ("Gr%C3%BC%C3%9Fe%20an%20alle.txt", "Grüße an alle.txt"),
        ("100%25%20%26%20a%2Bb+c.txt", "100% & a+b+c.txt"),
        ("0198f0a0-0000-7000-8000-000000000000", "0198f0a0-0000-7000-8000-000000000000"),
        ("uploads", "uploads"),
        ("unnamed", "unnamed"),
        ("%20..%2Fa.txt", "a.txt"),
    ],
)
async def test_file_has_the_name_that_its_path_ends_with(ada: Person, written: str, kept: str) -> None:
    answer = await put(ada, f"/v1/files/{written}", b"hello")
    view = await answer.json()
    assert (answer.status, view["name"], view["size"]) == (201, kept, 5)
    assert answer.headers["Location"] == f"/v1/files/{view['id']}"
    assert await (await ada.content(view["id"])).read() == b"hello"


async def test_each_makes_a_new_file_of_that_name(service: RunningService, ada: Person) -> None:
    """Also where the path looks like that of a file: names are labels, and bytes never change."""
    first = await ada.upload(b"first", "a.txt")
    for name in ("a.txt", "a.txt", first["id"]):
        assert (await put(ada, f"/v1/files/{name}", b"second")).status == 201
    files = (await (await ada.get("/v1/files")).json())["items"]
    assert len({each["id"] for each in files}) == 4
    assert await (await ada.content(first["id"])).read() == b"first"
    await service.settled(blobs=4)


async def test_what_was_sent_to_a_folder_is_listed_there(ada: Person) -> None:
    stored = await (await put(ada, "/v1/files/a.txt", b"hello")).json()
    for folder in ("/v1/files", "/v1/files/"):
        listed = await ada.get(folder)
        assert [each["id"] for each in (await listed.json())["items"]] == [stored["id"]]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({"Content-Range": "bytes 7-13/14"}, 400, id="a part, as curl -C sends it"),
        pytest.param({"If-Match": "*"}, 412, id="only instead of another"),
    ],
)
async def test_part_or_replacement_is_not_taken_for_a_new_file(
    service: RunningService, ada: Person, headers: dict[str, str], status: int
) -> None:
    assert (await put(ada, "/v1/files/a.txt", b"content", headers)).status == status
    await service.settled(blobs=0)


async def test_retried_upload_by_name_gets_the_first_answer(service: RunningService, ada: Person) -> None:
    key = {"Idempotency-Key": "0192-abc"}
    answers = [await put(ada, "/v1/files/a.txt", b"content", key) for _ in range(2)]
    assert len({(await answer.json())["id"] for answer in answers}) == 1
    other = await put(ada, "/v1/files/b.txt", b"content", key)
    assert (other.status, (await other.json())["code"]) == (422, "idempotency_key_reused")
    await service.settled(blobs=1)


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        pytest.param("/v1/files/", 400, "invalid_parameter", id="no name"),
        pytest.param("/v1/files/%20", 400, "invalid_parameter", id="a space"),
        pytest.param("/v1/files/a.txt?name=b.txt", 400, "invalid_parameter", id="two names"),
        pytest.param("/v1/files/a.txt?purpose=nonsense", 422, "unknown_purpose", id="no such purpose"),
        pytest.param("/v1/files/a.txt?purpose=picture", 422, "type_not_allowed", id="not of that purpose"),
        pytest.param("/v1/files/a.pdf", 422, "extension_mismatch", id="another extension"),
        pytest.param("/v1/files", 405, "method_not_allowed", id="no file at all"),
    ],
)
async def test_what_may_not_be_stored_by_name_is_refused(
    service: RunningService, ada: Person, path: str, status: int, code: str
) -> None:
    answer = await put(ada, path, b"hello")
    problem = await answer.json()
    assert (answer.status, problem["code"]) == (status, code)
    if "%20" in path or path.endswith("/"):
        assert "/v1/files/notes.txt" in problem["detail"]
    await service.settled(blobs=0)


async def test_uploads_by_name_keep_to_the_limits(small_service: RunningService) -> None:
    eve = small_service.person(uuid7())
    answer = await put(eve, "/v1/files/a.bin", b"x" * 1_000_001)
    assert (answer.status, (await answer.json())["code"]) == (413, "file_too_large")
    answers = await asyncio.gather(*(put(eve, f"/v1/files/{n}.bin", b"x" * 700_000) for n in range(4)))
    assert sorted(answer.status for answer in answers) == [201, 201, 413, 413]
    await small_service.settled(blobs=2)


async def test_description_tells_of_the_name_and_not_of_the_mistake(service: RunningService) -> None:
    answer = await service.public.get("/openapi.json", headers=service.asserted_anonymous())
    paths = (await answer.json())["paths"]
    assert "new file each time" in paths["/v1/files/{name}"]["put"]["description"]
    assert "/v1/files/" not in paths
