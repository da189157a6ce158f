import asyncio
import hashlib
from typing import Any

import pytest

from shared.ids import uuid7
from tests.integration.file_service.links import Stranger, about, content_of, post, share
from tests.integration.file_service.raw import open_raw
from tests.integration.file_service.running_service import Person, RunningService
from tests.told import Grown

CONTENT = b"minutes of the meeting"


@pytest.fixture
def stranger(service: RunningService) -> Stranger:
    return Stranger(service)


@pytest.fixture
async def file_id(ada: Person) -> str:
    return str((await ada.upload(CONTENT, "minutes.txt"))["id"])


async def test_link_gives_the_file_to_whoever_has_it(ada: Person, stranger: Stranger, file_id: str) -> None:
    shared = await share(ada, file_id, download_name="Minutes/2026.txt")
    answer = await stranger.get(content_of(shared))
    assert (answer.status, await answer.read()) == (200, CONTENT)
    assert answer.headers["Content-Disposition"] == 'attachment; filename="2026.txt"'
    assert answer.headers["Cache-Control"] == "private, no-cache"
    told = await (await stranger.get(about(shared))).json()
    assert told == {
        "name": "2026.txt",
        "size": len(CONTENT),
        "content_type": "text/plain",
        "needs_password": False,
        "once": False,
        "expires_at": shared["expires_at"],
    }


async def test_link_is_told_once_and_only_its_hash_is_kept(service: RunningService, ada: Person, file_id: str) -> None:
    answer = await post(ada, f"/v1/files/{file_id}/shares", password="open sesame")
    shared = await answer.json()
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Location"] == f"/v1/files/{file_id}/shares/{shared['id']}"
    token = shared["url"].removeprefix("http://127.0.0.1:8080/s/")
    listed = await (await ada.get(f"/v1/files/{file_id}/shares")).json()
    assert listed == {
        "items": [{name: value for name, value in shared.items() if name not in ("url", "content_url")}],
        "next_cursor": None,
    }
    (row,) = await service.fetch("select share::text as kept, token_digest from files.share")
    assert row["token_digest"] == hashlib.sha256(token.encode()).digest()
    assert token not in row["kept"]
    assert "open sesame" not in row["kept"]


async def test_shares_are_listed_newest_first_page_by_page(ada: Person, file_id: str) -> None:
    made = [(await share(ada, file_id))["id"] for _ in range(5)]
    seen: list[str] = []
    cursor = ""
    while True:
        page = await (await ada.get(f"/v1/files/{file_id}/shares?limit=2{cursor}")).json()
        seen += [item["id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == sorted(made, reverse=True)


async def test_list_of_a_file_without_shares_is_empty_and_of_no_file_absent(ada: Person, file_id: str) -> None:
    assert (await (await ada.get(f"/v1/files/{file_id}/shares")).json())["items"] == []
    assert (await ada.get(f"/v1/files/{uuid7()}/shares")).status == 404


async def test_what_ends_a_share_is_told_to_whoever_has_the_secret(
    service: RunningService, ada: Person, stranger: Stranger, file_id: str
) -> None:
    expired, revoked = await share(ada, file_id), await share(ada, file_id)
    await service.fetch("update files.share set expires_at = now() where share_id = $1", expired["id"])
    assert (await ada.client.delete(f"/v1/files/{file_id}/shares/{revoked['id']}", headers=ada.headers)).status == 204
    for path in (about(expired), content_of(expired)):
        assert await stranger.code(path) == (410, "share_is_over")
    for path in (about(revoked), content_of(revoked)):
        assert await stranger.code(path) == (404, "not_found")
    (item,) = (await (await ada.get(f"/v1/files/{file_id}/shares")).json())["items"]
    assert (item["id"], item["is_over"]) == (expired["id"], True)


async def test_wrong_secrets_are_all_the_same(ada: Person, stranger: Stranger, file_id: str) -> None:
    """A typo, another kind of secret, and what never was one: one 404."""
    shared = await share(ada, file_id)
    path = content_of(shared)
    token = path.split("/")[4]
    answers = set()
    for wrong in (token[:-1], token + "x", token.swapcase(), "cols_" + "a" * 49, "x", "%00", "cold_" + token[5:]):
        answer = await stranger.get(path.replace(token, wrong))
        body = await answer.json()
        answers.add((answer.status, body["code"], body["detail"]))
    assert answers == {(404, "not_found", "There is nothing here")}


async def test_of_many_at_once_exactly_one_gets_what_is_for_one(
    service: RunningService, ada: Person, stranger: Stranger
) -> None:
    """One statement decides: 30 parallel requests, one whole file; the others learn that it has been had."""
    content = bytes(range(256)) * 2000
    file_id = (await ada.upload(content))["id"]
    shared = await share(ada, file_id, once=True)

    async def fetch() -> tuple[int, bytes]:
        answer = await stranger.get(content_of(shared))
        return answer.status, await answer.read()

    answers = await asyncio.gather(*(fetch() for _ in range(30)))
    assert sorted(status for status, _ in answers) == [200] + [410] * 29
    assert [body for status, body in answers if status == 200] == [content]
    assert await stranger.code(about(shared)) == (410, "share_is_over")
    (item,) = (await (await ada.get(f"/v1/files/{file_id}/shares")).json())["items"]
    assert (item["is_over"], item["spent_at"] is not None) == (True, True)


async def test_whoever_only_looks_spends_nothing(ada: Person, stranger: Stranger, file_id: str) -> None:
    """Scanners of mail fetch links: neither what tells of the file nor HEAD takes the one download."""
    path = content_of(shared := await share(ada, file_id, once=True))
    for _ in range(2):
        assert (await stranger.get(about(shared))).status == 200
        head = await stranger.ask("HEAD", path)
        assert (head.status, head.headers["Content-Length"]) == (200, str(len(CONTENT)))
    etag = head.headers["ETag"]
    answer = await stranger.get(path, {"Range": "bytes=0-3", "If-None-Match": etag, "If-Match": '"x"'})
    assert (answer.status, await answer.read()) == (200, CONTENT)
    assert (answer.headers["Cache-Control"], answer.headers["Accept-Ranges"]) == ("no-store", "none")
    assert (await stranger.get(path)).status == 410


async def test_download_that_breaks_off_has_been_had(ada: Person, stranger: Stranger, service: RunningService) -> None:
    """Nobody can tell how much of it was seen: the owner makes a new link."""
    file_id = (await ada.upload(b"x" * 8_000_000))["id"]
    shared = await share(ada, file_id, once=True)
    anonymous = "\r\n".join(f"{name}: {value}" for name, value in stranger.headers.items())
    async with open_raw(service.public) as (reader, writer):
        writer.write(f"GET {content_of(shared)} HTTP/1.1\r\nHost: t\r\n{anonymous}\r\n\r\n".encode())
        assert b"200 OK" in await reader.readline()
    assert await stranger.code(content_of(shared)) == (410, "share_is_over")


async def test_what_cannot_be_sent_is_not_spent(ada: Person, stranger: Stranger, service: RunningService) -> None:
    file_id = (await ada.upload(b"x" * 100))["id"]
    shared = await share(ada, file_id, once=True)
    (blob,) = service.blobs()
    hidden = blob.rename(blob.with_suffix(".away"))
    assert await stranger.code(content_of(shared)) == (500, "internal_error")
    hidden.rename(blob)
    assert await (await stranger.get(content_of(shared))).read() == b"x" * 100


@pytest.mark.parametrize(
    "wish",
    [
        pytest.param({"expires_in": 0}, id="expired at once"),
        pytest.param({"expires_in": 31_536_001}, id="more than a year"),
        pytest.param({"expires_in": 10**30}, id="30 digits"),
        pytest.param({"expires_in": "3600"}, id="a text"),
        pytest.param({"password": "short"}, id="short password"),
        pytest.param({"password": "p" * 201}, id="over-long password"),
        pytest.param({"password": "pass\0word"}, id="NUL"),
        pytest.param({"download_name": ""}, id="no name"),
        pytest.param({"disposition": "form-data"}, id="unknown disposition"),
        pytest.param({"file_id": str(uuid7())}, id="another file"),
    ],
)
async def test_bad_wish_is_refused(ada: Person, file_id: str, wish: dict[str, Any]) -> None:
    answer = await post(ada, f"/v1/files/{file_id}/shares", **wish)
    assert (answer.status, (await answer.json())["code"]) == (400, "malformed_body")


async def test_file_has_a_hundred_shares_at_most(service: RunningService, ada: Person, file_id: str) -> None:
    shared = await share(ada, file_id)
    await service.fetch(
        """
        insert into files.share (share_id, file_id, token_digest, inline, once, expires_at)
        select gen_random_uuid(), file_id, sha256(number::text::bytea), false, false, now() + interval '1 hour'
        from files.share, generate_series(1, 98) as number
        """
    )
    answers = await asyncio.gather(*(post(ada, f"/v1/files/{file_id}/shares") for _ in range(5)))
    assert sorted(answer.status for answer in answers) == [201, 409, 409, 409, 409]
    await ada.client.delete(f"/v1/files/{file_id}/shares/{shared['id']}", headers=ada.headers)
    assert (await post(ada, f"/v1/files/{file_id}/shares")).status == 201


async def test_shares_go_with_their_file_and_with_the_account(
    service: RunningService, ada: Person, bob: Person, stranger: Stranger, file_id: str
) -> None:
    """U10: delete account -> its links are dead."""
    theirs = await share(bob, (await bob.upload(b"x"))["id"])
    deleted = await share(ada, file_id)
    await ada.delete(file_id)
    assert await stranger.code(content_of(deleted)) == (404, "not_found")
    service.accounts.tell("user_deleted", bob.user_id)
    await service.accounts.caught_up()
    assert await stranger.code(content_of(theirs)) == (404, "not_found")
    assert await service.fetch("select from files.share") == []


async def test_shares_that_are_made_and_used_are_counted(ada: Person, stranger: Stranger, file_id: str) -> None:
    made = Grown("file_shares_created_total", kind="share")
    opened, refused = (Grown("file_shares_opened_total", outcome=outcome) for outcome in ("opened", "not_found"))
    shared = await share(ada, file_id)
    assert (await stranger.get(content_of(shared))).status == 200
    assert (await stranger.get(content_of(shared) + "x")).status == 404
    assert (await stranger.get("/v1/files/shared/nonsense/content")).status == 404
    assert made["file_shares_created_total"] == 1
    assert opened["file_shares_opened_total"] == 1
    assert refused["file_shares_opened_total"] >= 1
