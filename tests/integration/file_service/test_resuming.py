"""What broke off goes on: by whichever replica, whoever wrote before, whatever died meanwhile."""

import asyncio
import hashlib
import os
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient

from file_service.uploads.resumable import writer
from shared.ids import uuid7
from shared.settings import Env
from tests.integration.file_service.raw import open_raw, request_head
from tests.integration.file_service.running_service import LINK_KEY, Person, RunningService
from tests.integration.file_service.uploading import BYTES, TUS, Uploader, code, has_writer, in_balance
from tests.integration.following_service import Client, ProductionServer
from tests.waiting import eventually


@asynccontextmanager
async def replica_of(service: RunningService) -> AsyncIterator[Client]:
    """Run another of the same, over one database and one folder."""
    environment = {
        "DATABASE_URL": service.database.runtime,
        "TRUST_FILE": str(service.folder / "trust.json"),
        "IDENTITY_KEY_FILE": str(service.folder / "key.pem"),
        "AUTH_INTERNAL_URL": str(service.accounts_server.make_url("")),
        "FILES_ROOT": str(service.root),
        "FILE_LINK_KEY": LINK_KEY,
    }
    async with RunningService.open(Env(environment)) as apps:
        assert isinstance(apps.public, web.Application)
        async with TestClient(ProductionServer(apps.public)) as client:
            yield client


@asynccontextmanager
async def slow_writer(
    upload: Uploader, announced: int, offset: int = 0
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Open a PATCH, whose bytes the test sends."""
    headers = {**TUS, **BYTES, "Upload-Offset": offset, "Content-Length": announced}
    async with open_raw(upload.person.client) as (reader, sender):
        sender.write(request_head("PATCH", upload.path, upload.person, headers))
        yield reader, sender


async def status_of(reader: asyncio.StreamReader) -> int:
    return int((await asyncio.wait_for(reader.readline(), 20)).split()[1])


async def is_at(upload: Uploader, offset: int) -> bool:
    return await upload.offset() == offset


async def test_any_replica_continues_any_upload(service: RunningService, ada: Person, uploader: Uploader) -> None:
    """Without the hash that another has in its memory."""
    content = os.urandom(400_000)
    async with replica_of(service) as other:
        here = await uploader.begin(400_000)
        there = here.by(Person(other, ada.user_id, ada.headers))
        await here.add(content[:100_000], 0)
        await there.add(content[100_000:200_000], 100_000)
        await here.add(content[200_000:300_000], 200_000)
        last = await there.add(content[300_000:], 300_000)
        assert await there.content(last) == content
        assert await here.content(await here.ask("HEAD")) == content
    file = await (await ada.get(last.headers["Content-Location"])).json()
    assert file["sha256"] == hashlib.sha256(content).hexdigest()
    assert await in_balance(service, ada.user_id)


async def test_what_came_before_the_connection_broke_is_kept(service: RunningService, uploader: Uploader) -> None:
    content = os.urandom(1_000_000)
    upload = await uploader.begin(1_000_000)
    async with slow_writer(upload, 1_000_000) as (_, sender):
        sender.write(content[:600_000])
        await eventually(partial(has_writer, service))
        await sender.drain()
        sender.write_eof()

        async def kept() -> int:
            return await upload.offset()

        offset = await eventually(kept)
    assert 0 < offset <= 600_000
    assert await upload.content(await upload.add(content[offset:], offset)) == content


async def test_newcomer_takes_over_from_a_writer_that_is_still_believed_in(
    service: RunningService, uploader: Uploader
) -> None:
    """The old writer stores nothing from then on, and nothing is left of what it sent."""
    upload = await uploader.begin(800_000)
    async with slow_writer(upload, 800_000) as (reader, sender):
        sender.write(b"old" * 100_000)
        await eventually(partial(has_writer, service))
        await upload.add(b"n" * 500_000, 0)
        sender.write(b"o" * 500_000)
        assert await status_of(reader) == 409
    assert await upload.offset() == 500_000
    await service.settled(blobs=1)
    assert await upload.content(await upload.add(b"n" * 300_000, 500_000)) == b"n" * 800_000


async def test_newcomer_takes_over_from_another_replica(
    service: RunningService, ada: Person, uploader: Uploader
) -> None:
    async with replica_of(service) as other:
        upload = await uploader.begin(800_000)
        async with slow_writer(upload, 800_000) as (reader, sender):
            sender.write(b"o" * 300_000)
            await eventually(partial(has_writer, service))
            await upload.by(Person(other, ada.user_id, ada.headers)).add(b"n" * 800_000, 0)
            sender.write(b"o" * 500_000)
            assert await status_of(reader) == 409
        assert await upload.content(await upload.ask("HEAD")) == b"n" * 800_000
        await service.settled(blobs=1)


@pytest.mark.parametrize("round_", range(5))
async def test_of_parallel_patches_at_one_offset_one_wins(
    service: RunningService, ada: Person, uploader: Uploader, round_: int
) -> None:
    """F3: parallel PATCH at one offset -> one wins, hash exact."""
    pieces = [bytes([65 + round_ + number]) * 200_000 for number in range(6)]
    upload = await uploader.begin(200_010)
    await upload.add(b"0123456789", 0)
    answers = await asyncio.gather(*(upload.patch(piece, 10) for piece in pieces))
    assert sorted(answer.status for answer in answers) == [204] + [409] * 5
    (winner,) = [number for number, answer in enumerate(answers) if answer.status == 204]
    assert await upload.content(answers[winner]) == b"0123456789" + pieces[winner]
    file = await (await ada.get(answers[winner].headers["Content-Location"])).json()
    assert file["sha256"] == hashlib.sha256(b"0123456789" + pieces[winner]).hexdigest()
    await service.settled(blobs=2)
    assert await in_balance(service, ada.user_id)


async def test_long_request_is_committed_piece_by_piece(
    service: RunningService, uploader: Uploader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "PIECE_BYTES", 100_000)
    content = os.urandom(450_000)
    upload = await uploader.begin(450_000)
    async with slow_writer(upload, 450_000) as (reader, sender):
        sender.write(content[:250_000])
        await eventually(partial(is_at, upload, 200_000))
        sender.write(content[250_000:])
        assert await status_of(reader) == 204
    assert await upload.content(await upload.ask("HEAD")) == content
    await service.settled(blobs=5)


async def test_slow_request_is_committed_as_time_goes_by(
    service: RunningService, uploader: Uploader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "PIECE_SECONDS", 0.05)
    upload = await uploader.begin(20)
    async with slow_writer(upload, 20) as (reader, sender):
        for offset in range(0, 20, 5):
            sender.write(b"hello")
            await eventually(partial(is_at, upload, offset + 5))
        assert await status_of(reader) == 204
    assert await upload.content(await upload.ask("HEAD")) == b"hello" * 4


async def test_writer_that_was_taken_over_between_two_pieces_stops(
    service: RunningService, uploader: Uploader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "PIECE_BYTES", 100_000)
    upload = await uploader.begin(400_000)
    async with slow_writer(upload, 400_000) as (reader, sender):
        sender.write(b"o" * 150_000)
        await eventually(partial(is_at, upload, 100_000))
        await upload.add(b"n" * 300_000, 100_000)
        sender.write(b"o" * 250_000)
        assert await status_of(reader) == 409
    assert await upload.content(await upload.ask("HEAD")) == b"o" * 100_000 + b"n" * 300_000


async def test_whoever_asks_finishes_an_upload_whose_process_died_before_it_could(
    service: RunningService, ada: Person, uploader: Uploader
) -> None:
    upload = await uploader.begin(10)
    last = await upload.add(b"helloworld", 0)
    await _unfinish(service, ada)
    answers = await asyncio.gather(*(upload.ask("HEAD") for _ in range(5)))
    assert {answer.headers["Content-Location"] for answer in answers} == {last.headers["Content-Location"]}
    assert await upload.content(answers[0]) == b"helloworld"
    assert await in_balance(service, ada.user_id)


async def _unfinish(service: RunningService, person: Person) -> None:
    """Put the database back to where it was between the last bytes and the file."""
    await service.fetch("delete from files.file")
    await service.fetch("update files.upload set state = 'open', reserved = length")
    await service.fetch("update files.owner set bytes = 0, reserved = 10 where owner_id = $1", person.user_id)


async def test_last_answer_that_was_lost_can_be_had_again(uploader: Uploader) -> None:
    upload = await uploader.begin(5)
    await upload.add(b"hello", 0)
    again = await upload.patch(b"", 5)
    assert again.status == 204
    assert await upload.content(again) == b"hello"
    refused = await upload.patch(b"!", 5)
    assert (refused.status, await code(refused)) == (413, "upload_length_exceeded")


async def test_uploads_of_random_pieces_cut_anywhere_come_out_whole(service: RunningService, ada: Person) -> None:
    """F4: random cut and resume -> hash equal. `make test-uploads` does it a thousand times, through the gateway."""
    await asyncio.gather(*(_cut_and_resume(Uploader(service.person(uuid7())), seed) for seed in range(12)))


async def _cut_and_resume(uploader: Uploader, seed: int) -> None:
    dice = random.Random(seed)
    content = dice.randbytes(dice.randrange(1, 400_000))
    upload = await uploader.begin(len(content))
    while (offset := await upload.offset()) < len(content):
        until = dice.randrange(offset, len(content)) + 1
        async with slow_writer(upload, until - offset, offset) as (reader, sender):
            sent = until if dice.random() < 0.4 else dice.randrange(offset, until)
            sender.write(content[offset:sent])
            await sender.drain()
            if sent == until:  # one that was cut may have been kept since the offset was told
                assert await status_of(reader) in (204, 409)
    assert await upload.content(await upload.ask("HEAD")) == content
