"""Strangers send files by an upload link, resumably."""

import asyncio
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiohttp import ClientResponse

from file_service.domain.uploads import Upload
from file_service.repository.upload_links import settle_upload_link
from file_service.repository.uploads import UploadRepository
from file_service.uploads.resumable import finishing
from tests.integration.file_service.links import Stranger, drop_of, upload_link
from tests.integration.file_service.running_service import Person, RunningService
from tests.integration.file_service.uploading import BYTES, TUS, Uploader, files, in_balance, metadata, usage
from tests.waiting import eventually


@dataclass(frozen=True, slots=True)
class Drop:
    """`path` is where a link's uploads are begun."""

    stranger: Stranger
    path: str

    @classmethod
    def by(cls, service: RunningService, link: dict[str, Any]) -> "Drop":
        return cls(Stranger(service), f"{drop_of(link)}/uploads")

    async def ask(self, method: str, path: str = "", data: Any = None, **headers: str) -> ClientResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = await self.stranger.ask(method, path or self.path, {**TUS, **named}, data)
        await answer.read()
        return answer

    async def begin(self, length: int, **headers: str) -> str:
        """Return the upload's path."""
        made = await self.ask("POST", Upload_Length=str(length), **headers)
        assert made.status == 201, await made.text()
        return str(urlsplit(made.headers["Location"]).path)

    async def patch(self, path: str, data: bytes, offset: int) -> ClientResponse:
        return await self.ask("PATCH", path, data, Upload_Offset=str(offset), **BYTES)


async def _code(answer: ClientResponse) -> tuple[int, str]:
    return answer.status, (await answer.json())["code"]


async def test_file_comes_in_pieces_and_is_its_owners(service: RunningService, ada: Person) -> None:
    link = await upload_link(ada, max_files=1)
    drop = Drop.by(service, link)
    path = await drop.begin(10, **metadata(filename="../a.txt", purpose="avatar"))
    assert path.startswith(drop.path)
    assert (await drop.patch(path, b"hello", 0)).headers["Upload-Offset"] == "5"
    assert (await drop.ask("HEAD", path)).headers["Upload-Offset"] == "5"
    assert (await usage(ada))["reserved"] == 10
    done = await drop.patch(path, b"world", 5)
    assert (done.status, done.headers["Upload-Offset"]) == (204, "10")
    assert "Content-Location" not in done.headers
    told = await (await drop.ask("GET", path)).json()
    assert told == {"name": "a.txt", "offset": 10, "size": 10, "finished": True, "expires_at": None}
    (file,) = await files(ada)
    assert (file["name"], file["purpose"], file["via"]) == ("a.txt", "file", link["id"])
    assert await (await ada.content(file["id"])).read() == b"helloworld"
    (listed,) = (await (await ada.get("/v1/files/upload-links")).json())["items"]
    assert (listed["files"], listed["bytes"], listed["is_over"]) == (1, 10, True)
    assert await in_balance(service, ada.user_id)
    assert await _code(await drop.ask("POST", Upload_Length="1")) == (410, "upload_link_is_over")


async def test_no_more_are_begun_than_may_come(service: RunningService, ada: Person) -> None:
    """F18: what strangers have begun reserves no more of the owner's quota than the link allows."""
    drop = Drop.by(service, await upload_link(ada, max_files=3, max_bytes=100))
    made = await asyncio.gather(*(drop.ask("POST", Upload_Length="20") for _ in range(12)))
    assert sorted(answer.status for answer in made) == [201] * 3 + [413] * 9
    assert (await usage(ada))["reserved"] == 60
    other = Drop.by(service, await upload_link(ada, max_bytes=100))
    assert await _code(await other.ask("POST", Upload_Length="101")) == (413, "upload_link_full")


async def test_lengths_told_later_and_parts_of_files_are_refused(service: RunningService, ada: Person) -> None:
    """Nobody reserves what they can't name."""
    drop = Drop.by(service, await upload_link(ada))
    for headers in ({"Upload_Defer_Length": "1"}, {"Upload_Length": "5", "Upload_Concat": "partial"}):
        assert await _code(await drop.ask("POST", **headers)) == (400, "malformed_upload_header")
    told = await drop.ask("OPTIONS")
    assert told.headers["Tus-Extension"] == "creation,creation-with-upload,checksum,expiration,termination"


async def test_only_its_own_uploads_are_reached_by_a_link(service: RunningService, ada: Person) -> None:
    """F8: the owner's uploads, and those by another link -> 404."""
    drop, other = Drop.by(service, await upload_link(ada)), Drop.by(service, await upload_link(ada))
    own = (await Uploader(ada).begin(10)).path.rpartition("/")[2]
    theirs = (await other.begin(10)).rpartition("/")[2]
    for token in (own, theirs):
        path = f"{drop.path}/{token}"
        assert (await drop.ask("HEAD", path)).status == 404
        assert (await drop.patch(path, b"x", 0)).status == 404
        assert (await drop.ask("DELETE", path)).status == 404


async def test_stranger_ends_what_isnt_finished_and_no_file(service: RunningService, ada: Person) -> None:
    drop = Drop.by(service, await upload_link(ada))
    path = await drop.begin(10)
    assert (await drop.ask("DELETE", path)).status == 204
    assert (await usage(ada))["reserved"] == 0
    finished = await drop.begin(5)
    assert (await drop.patch(finished, b"hello", 0)).status == 204
    assert await _code(await drop.ask("DELETE", finished)) == (410, "upload_gone")
    assert len(await files(ada)) == 1


async def test_revoked_link_takes_nothing_more_and_gives_back_what_it_held(
    service: RunningService, ada: Person
) -> None:
    link = await upload_link(ada)
    drop = Drop.by(service, link)
    path = await drop.begin(10)
    assert (await drop.patch(path, b"hello", 0)).status == 204
    await ada.client.delete(f"/v1/files/upload-links/{link['id']}", headers=ada.headers)
    assert (await drop.patch(path, b"world", 5)).status == 404
    (due,) = await service.fetch("select expires_at <= now() as over from files.upload")
    assert due["over"]  # so the upkeep ends it, as all that are


async def _revoke(service: RunningService, person: Person, link: dict[str, Any]) -> asyncio.Task[ClientResponse]:
    """Return the request, which is done or waits for a lock."""
    path = f"/v1/files/upload-links/{link['id']}"
    asked = asyncio.create_task(person.client.delete(path, headers=person.headers))

    async def stands() -> bool:
        waiting = "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
        return asked.done() or bool(await service.fetch(waiting))

    await eventually(stands)
    return asked


async def test_link_revoked_while_an_upload_begins_by_it_leaves_none_open(
    service: RunningService, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such a one held the owner's quota for a day."""
    link = await upload_link(ada)
    add, revoked = UploadRepository.add, list[asyncio.Task[ClientResponse]]()

    async def overtaken(uploads: UploadRepository, *of: Any) -> Upload:
        added = await add(uploads, *of)
        revoked.append(await _revoke(service, ada, link))
        return added

    monkeypatch.setattr(UploadRepository, "add", overtaken)
    await Drop.by(service, link).begin(1000)
    assert (await revoked[0]).status == 204
    (due,) = await service.fetch("select expires_at <= now() as over from files.upload")
    assert due["over"]


async def test_link_revoked_while_an_upload_ends_by_it_waits_for_that(
    service: RunningService, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They lock the same rows: not the one what the other needs next."""
    link = await upload_link(ada)
    drop = Drop.by(service, link)
    path, revoked = await drop.begin(5), list[asyncio.Task[ClientResponse]]()

    async def overtaken(*of: Any) -> bool:
        revoked.append(await _revoke(service, ada, link))
        return await settle_upload_link(*of)

    monkeypatch.setattr(finishing, "settle_upload_link", overtaken)
    assert (await drop.patch(path, b"hello", 0)).status == 204
    assert (await revoked[0]).status == 204
    assert [file["size"] for file in await files(ada)] == [5]
    assert await in_balance(service, ada.user_id)


async def test_bytes_beside_an_empty_file_use_up_nothing(service: RunningService, ada: Person) -> None:
    drop = Drop.by(service, await upload_link(ada, max_files=1))
    assert await _code(await drop.ask("POST", data=b"hello", Upload_Length="0", **BYTES)) == (
        413,
        "upload_length_exceeded",
    )
    assert await files(ada) == []
    assert (await drop.ask("POST", data=b"hello", Upload_Length="5", **BYTES)).status == 201


async def test_who_finishes_after_others_were_faster_leaves_nothing(service: RunningService, ada: Person) -> None:
    """The count is settled in the transaction that makes the file, whichever way that came."""
    link = await upload_link(ada, max_files=1)
    drop = Drop.by(service, link)
    path = await drop.begin(5)
    assert (await drop.stranger.ask("POST", drop_of(link), data=b"first")).status == 201
    assert await _code(await drop.patch(path, b"hello", 0)) == (410, "upload_link_is_over")
    assert len(await files(ada)) == 1
    assert (await usage(ada))["reserved"] == 0
    await service.settled(blobs=1)
