"""Readers of files that lie in several blobs: what they hold open, and what they get when it is deleted meanwhile."""

import os
from contextlib import AbstractAsyncContextManager
from functools import partial

import pytest
from aiohttp import ClientPayloadError

from file_service.context import FILES
from file_service.storage.contract import Blob
from file_service.storage.local import LocalStorage
from file_service.storage.spare import Spare
from tests.integration.file_service.raw import open_raw, request_head
from tests.integration.file_service.running_service import Person, RunningService
from tests.integration.file_service.test_download import open_blobs
from tests.integration.file_service.uploading import Uploader
from tests.waiting import eventually

PIECES, PIECE = 5, 4_000_000  # all of them more than what the buffers on the way hold
CONTENT = os.urandom(PIECES * PIECE)


@pytest.fixture
async def path(ada: Person) -> str:
    """Return where the file's content is."""
    upload = await Uploader(ada).begin(len(CONTENT))
    for start in range(0, len(CONTENT), PIECE):
        last = await upload.add(CONTENT[start : start + PIECE], start)
    return f"{last.headers['Content-Location']}/content"


@pytest.fixture
def spare(service: RunningService) -> Spare:
    found: Spare = service.public.app[FILES].storage.spare
    return found


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the keys of all blobs that are opened."""
    keys: list[str] = []
    open_one = LocalStorage.open

    def noting(storage: LocalStorage, key: str) -> AbstractAsyncContextManager[Blob]:
        keys.append(key)
        return open_one(storage, key)

    monkeypatch.setattr(LocalStorage, "open", noting)
    return keys


@pytest.mark.parametrize(
    ("wanted", "blobs"),
    [
        pytest.param("bytes=0-0", 1, id="the first byte"),
        pytest.param("bytes=-1", 1, id="the last byte"),
        pytest.param(f"bytes={PIECE}-{2 * PIECE - 1}", 1, id="just a blob"),
        pytest.param(f"bytes={PIECE - 1}-{2 * PIECE}", 3, id="a byte more on both sides"),
        pytest.param("bytes=0-", PIECES, id="all"),
    ],
)
async def test_reader_of_a_part_opens_the_blobs_that_it_lies_in(
    ada: Person, path: str, opened: list[str], wanted: str, blobs: int
) -> None:
    opened.clear()
    answer = await ada.get(path, {"Range": wanted})
    first, _, last = answer.headers["Content-Range"].removeprefix("bytes ").partition("/")[0].partition("-")
    assert await answer.read() == CONTENT[int(first) : int(last) + 1]
    assert len(opened) == blobs


async def test_slow_readers_hold_no_more_blobs_open_than_can_be_spared(
    service: RunningService, ada: Person, path: str, spare: Spare, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spare, "left", 2)
    async with open_raw(service.public) as (reader, writer):
        writer.write(request_head("GET", path, ada, {}))
        await reader.readuntil(b"\r\n\r\n")
        assert open_blobs(service) == 3
        async with open_raw(service.public) as (other_reader, other_writer):
            other_writer.write(request_head("GET", path, ada, {}))
            await other_reader.readuntil(b"\r\n\r\n")
            assert open_blobs(service) in (4, 5)  # its first, and the one that it is at
            assert await other_reader.readexactly(len(CONTENT)) == CONTENT
        assert await reader.readexactly(len(CONTENT)) == CONTENT
    await eventually(partial(_is_free, service))
    assert spare.left == 2


async def test_all_pieces_of_a_file_come_though_it_is_deleted_meanwhile(
    service: RunningService, ada: Person, path: str
) -> None:
    """F20: delete against download -> the whole file."""
    answer = await ada.get(path)
    assert await ada.delete(path.split("/")[-2]) == 204
    await service.settled(blobs=0)
    assert await answer.read() == CONTENT


async def test_reader_who_comes_to_a_deleted_piece_breaks_off(
    service: RunningService, ada: Person, path: str, spare: Spare, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F20: never mixed, and no part is taken for all."""
    monkeypatch.setattr(spare, "left", 0)
    answer = await ada.get(path)
    assert await ada.delete(path.split("/")[-2]) == 204
    await service.settled(blobs=0)
    with pytest.raises(ClientPayloadError):
        await answer.read()


async def _is_free(service: RunningService) -> bool:
    return open_blobs(service) == 0
