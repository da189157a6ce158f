"""Long bodies that are read from their sockets: what ends them, and what comes behind them on the same connection."""

import asyncio
import errno
import gc
import hashlib
import io
import os
from collections.abc import Iterator, Sequence
from functools import partial

import pytest

from file_service.domain.file import HeldBlob, NewFile
from file_service.storage.writing import BlobFile
from file_service.uploads import socket_reads
from file_service.uploads.intake import Intake
from file_service.uploads.socket_reads import WORTHWHILE, SocketReads
from shared.ids import uuid7
from tests.integration.file_service.raw import open_raw, request_head
from tests.integration.file_service.running_service import Person, RunningService
from tests.integration.file_service.uploading import BYTES, Uploader
from tests.waiting import eventually

CONTENT = os.urandom(3_000_000)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many bytes each read of a socket has brought."""
    sizes: list[int] = []
    receive = SocketReads._receive

    def counting(reads: SocketReads) -> bytes:
        data = receive(reads)
        sizes.append(len(data))
        return data

    monkeypatch.setattr(SocketReads, "_receive", counting)
    return sizes


@pytest.mark.parametrize("size", [WORTHWHILE - 1, WORTHWHILE, WORTHWHILE + 1, len(CONTENT)])
async def test_request_behind_a_long_body_is_answered(ada: Person, service: RunningService, size: int) -> None:
    """Not a byte of the body is taken for a request, or of the request for the body."""
    heads = [
        request_head("POST", f"/v1/files?name={name}", ada, {"Content-Length": size, "Connection": connection})
        for name, connection in (("a", "keep-alive"), ("b", "close"))
    ]
    async with open_raw(service.public) as (reader, writer):
        writer.write(heads[0] + CONTENT[:size] + heads[1] + CONTENT[-size:])
        answers = await reader.read()
    assert answers.count(b"HTTP/1.1 201") == 2
    for content in (CONTENT[:size], CONTENT[-size:]):
        assert hashlib.sha256(content).hexdigest().encode() in answers


async def test_long_bodies_of_every_kind_are_read_from_the_socket(
    ada: Person, service: RunningService, read: list[int]
) -> None:
    await ada.upload(CONTENT)
    assert sum(read) > len(CONTENT) // 2  # the first bytes come with the head
    read.clear()
    assert (await ada.post({"file": io.BytesIO(CONTENT)})).status == 201
    assert sum(read) > len(CONTENT) // 2
    read.clear()
    uploader = await Uploader(ada).begin(len(CONTENT))
    assert (await uploader.ask("PATCH", data=CONTENT, Upload_Offset="0", **BYTES)).status == 204
    assert sum(read) > len(CONTENT) // 2
    stored = await service.fetch("select sha256 from files.file")
    assert {row["sha256"] for row in stored} == {hashlib.sha256(CONTENT).digest()}


async def test_pieces_begin_small(ada: Person, read: list[int]) -> None:
    """The first of a crowd can't know of the others: large pieces of all would be in memory at once."""
    content = 8 * CONTENT
    await ada.upload(content)
    assert sum(read) > len(content) // 2
    assert read[0] <= 65_536
    assert all(larger <= 65_536 << min(number, 2) for number, larger in enumerate(read))


async def test_crowd_takes_turns_in_memory(
    ada: Person, service: RunningService, read: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that stands still, and one that breaks off, keep no place that others wait for."""
    places = asyncio.Semaphore(1)
    monkeypatch.setitem(socket_reads._PLACES, asyncio.get_running_loop(), places)
    head = request_head("POST", "/v1/files", ada, {"Content-Length": len(CONTENT)})
    async with open_raw(service.public) as (_, still), open_raw(service.public) as (_, broken):
        still.write(head + CONTENT[:-1])
        broken.write(head + CONTENT[:-1])
        await eventually(partial(_has, read, len(CONTENT)))
        broken.close()
        await asyncio.gather(*(ada.upload(CONTENT) for _ in range(4)))
        await eventually(lambda: asyncio.sleep(0, not places.locked()))
    await service.settled(blobs=4)


@pytest.mark.parametrize("kind", ["bytes", "form"])
async def test_upload_that_is_looked_at_has_left_its_place(
    ada: Person, service: RunningService, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Checks, and whoever locks the owner's row, may take a while."""
    monkeypatch.setitem(socket_reads._PLACES, asyncio.get_running_loop(), asyncio.Semaphore(1))
    admit, looked_at, is_over = Intake.admit, asyncio.Event(), asyncio.Event()

    async def look(intake: Intake, new: NewFile, blobs: Sequence[HeldBlob]) -> NewFile:
        if not looked_at.is_set():
            looked_at.set()
            await is_over.wait()
        return await admit(intake, new, blobs)

    monkeypatch.setattr(Intake, "admit", look)
    body = CONTENT if kind == "bytes" else {"file": io.BytesIO(CONTENT)}
    first = asyncio.create_task(ada.post(body))
    async with asyncio.timeout(10):
        await looked_at.wait()
        await ada.upload(CONTENT)
        is_over.set()
        assert (await first).status == 201


@pytest.mark.parametrize("way", ["whole", "resumable"])
async def test_upload_that_finds_no_place_is_not_said_to_stand_still(
    small_service: RunningService, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    monkeypatch.setitem(socket_reads._PLACES, asyncio.get_running_loop(), asyncio.Semaphore(0))
    ada = small_service.person(uuid7())
    head = request_head("POST", "/v1/files", ada, {"Content-Length": WORTHWHILE})
    if way == "resumable":
        uploader = await Uploader(ada).begin(WORTHWHILE)
        told = {**uploader.tus, **BYTES, "Upload-Offset": 0, "Content-Length": WORTHWHILE}
        head = request_head("PATCH", uploader.path, ada, told)
    async with open_raw(small_service.public) as (reader, writer):
        writer.write(head)
        await eventually(lambda: asyncio.sleep(0, SocketReads.active))
        writer.write(CONTENT[:WORTHWHILE])
        assert (await reader.readline()).startswith(b"HTTP/1.1 503")


async def _has(read: list[int], size: int) -> bool:
    return sum(read) >= size


async def test_long_body_that_breaks_off_leaves_nothing(ada: Person, service: RunningService, read: list[int]) -> None:
    async with open_raw(service.public) as (_, writer):
        writer.write(request_head("POST", "/v1/files", ada, {"Content-Length": len(CONTENT)}) + CONTENT[:-1])
        await eventually(partial(_has, read, len(CONTENT) // 2))
    await service.settled(blobs=0)


async def test_what_came_of_a_long_chunk_is_kept(ada: Person, service: RunningService, read: list[int]) -> None:
    uploader = await Uploader(ada).begin(len(CONTENT))
    head = {**uploader.tus, **BYTES, "Upload-Offset": 0, "Content-Length": len(CONTENT)}
    async with open_raw(service.public) as (_, writer):
        writer.write(request_head("PATCH", uploader.path, ada, head) + CONTENT[:-1])
        await eventually(partial(_has, read, len(CONTENT) // 2))

    async def is_kept() -> bool:
        return (await uploader.ask("HEAD")).headers["Upload-Offset"] == str(len(CONTENT) - 1)

    await eventually(is_kept)


async def test_long_body_that_is_refused_on_its_way_ends_its_connection(
    small_service: RunningService, read: list[int]
) -> None:
    """Nobody knows where in it the next request would begin."""
    eve = small_service.person(uuid7())
    head = request_head(
        "POST", "/v1/files", eve, {"Content-Length": 900_000, "Content-Type": "multipart/form-data; boundary=x"}
    )
    async with open_raw(small_service.public) as (reader, writer):
        writer.write(head + b"--x\r\nno header\r\n\r\n" + CONTENT[:600_000])
        answer = await reader.readuntil(b"\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 400")
        writer.write(CONTENT[:400_000])
        assert (await reader.read()).count(b"HTTP/1.1") == 0


@pytest.fixture
def no_collection() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_collection")
@pytest.mark.parametrize("refused_by", ["the form", "the type", "the disk"])
async def test_refused_upload_lets_go_of_its_socket_and_place_at_once(
    service: RunningService, monkeypatch: pytest.MonkeyPatch, refused_by: str
) -> None:
    ada, places = service.person(uuid7()), asyncio.Semaphore(1)
    monkeypatch.setitem(socket_reads._PLACES, asyncio.get_running_loop(), places)
    body, path = b"--x\r\nno header\r\n\r\n" + CONTENT, "/v1/files"
    kind = {"Content-Type": "multipart/form-data; boundary=x"} if refused_by == "the form" else {}
    if refused_by == "the type":
        path += "?purpose=avatar"
    if refused_by == "the disk":
        monkeypatch.setattr(BlobFile, "write", _fail)
    head = request_head("POST", path, ada, {"Content-Length": len(body), **kind})
    async with open_raw(service.public) as (reader, writer):
        writer.write(head)
        await eventually(lambda: asyncio.sleep(0, SocketReads.active))
        writer.write(body[:-1])
        assert (await reader.readline()).split()[1] in (b"400", b"415", b"422", b"503")
        assert (SocketReads.active, places.locked()) == (0, False)


def _fail(_file: BlobFile, _pieces: object) -> None:
    raise OSError(errno.EIO, "no disk")
