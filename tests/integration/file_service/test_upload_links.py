import asyncio
import hashlib
import io
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from shared.ids import uuid7
from tests.integration.file_service.links import Stranger, drop_of, post, upload_link
from tests.integration.file_service.running_service import Person, RunningService
from tests.waiting import eventually


@pytest.fixture
def stranger(service: RunningService) -> Stranger:
    return Stranger(service)


async def _drop(
    stranger: Stranger, link: dict[str, Any], content: bytes, query: str = ""
) -> tuple[int, dict[str, Any]]:
    answer = await stranger.ask("POST", drop_of(link) + query, data=io.BytesIO(content))
    return answer.status, await answer.json()


async def test_stranger_sends_a_file_to_the_owner(service: RunningService, ada: Person, stranger: Stranger) -> None:
    link = await upload_link(ada, note="Photos of the party, please.", max_files=2)
    told = await (await stranger.get(drop_of(link))).json()
    assert told == {
        "note": "Photos of the party, please.",
        "types": ["*"],
        "max_file_bytes": 1024**3,
        "files_left": 2,
        "bytes_left": 1024**3,
        "expires_at": link["expires_at"],
    }
    status, dropped = await _drop(stranger, link, b"hello", "?name=../a.txt")
    digest = hashlib.sha256(b"hello").hexdigest()
    assert (status, dropped) == (201, {"name": "a.txt", "size": 5, "content_type": "text/plain", "sha256": digest})
    (file,) = (await (await ada.get("/v1/files")).json())["items"]
    assert (file["name"], file["via"]) == ("a.txt", link["id"])
    assert await (await ada.content(file["id"])).read() == b"hello"
    (listed,) = (await (await ada.get("/v1/files/upload-links")).json())["items"]
    assert (listed["files"], listed["bytes"], listed["is_over"]) == (1, 5, False)
    assert await service.fetch("select bytes from files.owner where bytes = 5")


async def test_form_of_a_browser_is_taken_too(ada: Person, stranger: Stranger) -> None:
    link = await upload_link(ada)
    form = aiohttp.FormData()
    form.add_field("file", b"hello", filename="b.txt", content_type="text/plain")
    answer = await stranger.ask("POST", drop_of(link), data=form)
    assert (answer.status, (await answer.json())["name"]) == (201, "b.txt")


async def test_link_is_told_once_and_only_its_hash_is_kept(service: RunningService, ada: Person) -> None:
    link = await upload_link(ada)
    token = link["url"].removeprefix("http://127.0.0.1:8080/drop/")
    (listed,) = (await (await ada.get("/v1/files/upload-links")).json())["items"]
    assert listed == {name: value for name, value in link.items() if name != "url"}
    (row,) = await service.fetch("select link::text as kept, token_digest from files.upload_link as link")
    assert row["token_digest"] == hashlib.sha256(token.encode()).digest()
    assert token not in row["kept"]


async def test_of_many_at_once_no_more_come_than_may(service: RunningService, ada: Person, stranger: Stranger) -> None:
    """F18: counted in the transaction that stores the file; what is refused leaves nothing."""
    link = await upload_link(ada, max_files=3)
    answers = await asyncio.gather(*(_drop(stranger, link, b"x" * 1000) for _ in range(12)))
    assert sorted(status for status, _ in answers) == [201] * 3 + [410] * 9
    assert {body["code"] for status, body in answers if status == 410} == {"upload_link_is_over"}
    assert await stranger.code(drop_of(link)) == (410, "upload_link_is_over")
    await service.settled(blobs=3)
    assert (await service.fetch("select bytes from files.owner"))[0]["bytes"] == 3000


async def test_of_many_at_once_no_more_bytes_come_than_may(
    service: RunningService, ada: Person, stranger: Stranger
) -> None:
    """F18: each takes 60 % of what may come: one fits."""
    link = await upload_link(ada, max_bytes=1000)
    answers = await asyncio.gather(*(_drop(stranger, link, b"x" * 600) for _ in range(8)))
    refused = [(status, body["code"]) for status, body in answers if status != 201]
    assert len(refused) == 7
    assert set(refused) <= {(413, "upload_link_full"), (410, "upload_link_is_over")}
    await service.settled(blobs=1)
    assert (await (await stranger.get(drop_of(link))).json())["bytes_left"] == 400


async def test_owners_quota_holds_and_is_not_told(small_service: RunningService) -> None:
    ada, stranger = small_service.person(uuid7()), Stranger(small_service)
    link = await upload_link(ada)
    for _ in range(2):
        assert (await _drop(stranger, link, b"x" * 900_000))[0] == 201
    status, body = await _drop(stranger, link, b"x" * 900_000)
    assert (status, body["code"]) == (413, "upload_link_full")
    assert "200000" not in str(body)
    assert (await _drop(stranger, link, b"x" * 1_000_001))[1]["code"] == "file_too_large"


async def test_purpose_of_the_link_says_what_may_come(ada: Person, stranger: Stranger) -> None:
    link = await upload_link(ada, purpose="picture")
    assert (await (await stranger.get(drop_of(link))).json())["types"] == [
        "image/jpeg",
        "image/png",
        "image/webp",
        "image/gif",
    ]
    assert (await _drop(stranger, link, b"no picture"))[1]["code"] == "type_not_allowed"
    status, body = await _drop(stranger, link, b"x", "?purpose=file")
    assert (status, body["code"]) == (400, "invalid_parameter")
    assert (await post(ada, "/v1/files/upload-links", purpose="nonsense")).status == 422


async def test_nothing_comes_by_a_link_that_is_over(service: RunningService, ada: Person, stranger: Stranger) -> None:
    expired, revoked = await upload_link(ada), await upload_link(ada)
    await service.fetch("update files.upload_link set expires_at = now() where link_id = $1", expired["id"])
    answer = await ada.client.delete(f"/v1/files/upload-links/{revoked['id']}", headers=ada.headers)
    assert answer.status == 204
    for link, status in ((expired, 410), (revoked, 404)):
        assert (await _drop(stranger, link, b"x"))[0] == status
        assert (await stranger.get(drop_of(link))).status == status
    await service.settled(blobs=0)


async def test_link_that_is_revoked_while_a_file_comes_takes_it_no_more(
    service: RunningService, ada: Person, stranger: Stranger
) -> None:
    link, revoked = await upload_link(ada), asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield b"x" * 100
        await revoked.wait()
        yield b"x" * 100

    async def is_taken_in() -> bool:
        return bool(await service.fetch("select from files.blob where holder_id is null"))

    sending = asyncio.create_task(stranger.ask("POST", drop_of(link), data=slowly()))
    await eventually(is_taken_in)
    await ada.client.delete(f"/v1/files/upload-links/{link['id']}", headers=ada.headers)
    revoked.set()
    assert (await sending).status == 410
    await service.settled(blobs=0)


async def test_links_go_with_the_account(service: RunningService, ada: Person, stranger: Stranger) -> None:
    """U10."""
    link = await upload_link(ada)
    service.accounts.tell("user_deleted", ada.user_id)
    await service.accounts.caught_up()
    assert (await _drop(stranger, link, b"x"))[0] == 404
    late = await post(ada, "/v1/files/upload-links")
    assert (late.status, (await late.json())["code"]) == (401, "unauthenticated")


@pytest.mark.parametrize(
    "wish",
    [
        {"expires_in": 0},
        {"max_files": 0},
        {"max_files": 10_001},
        {"max_bytes": 2**63},
        {"max_bytes": 0},
        {"note": "n" * 501},
        {"note": "a\0"},
        {"owner_id": "x"},
    ],
)
async def test_bad_wish_is_refused(ada: Person, wish: dict[str, object]) -> None:
    answer = await post(ada, "/v1/files/upload-links", **wish)
    assert (answer.status, (await answer.json())["code"]) == (400, "malformed_body")
