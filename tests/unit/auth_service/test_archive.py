"""Archives that are sent while they are made, opened by the zipfile and unzip of everybody."""

import io
import tracemalloc
import zipfile
from collections.abc import AsyncGenerator, AsyncIterator
from datetime import UTC, datetime

import pytest

from auth_service.archive import Entry, archive

AT = datetime(2026, 11, 25, 12, 30, 14, tzinfo=UTC)


async def chunks(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def entries(*made: Entry) -> AsyncGenerator[Entry, None]:
    for each in made:
        yield each


async def whole(*made: Entry) -> bytes:
    return b"".join([piece async for piece in archive(entries(*made))])


async def test_archive_opens_with_names_times_and_bytes() -> None:
    raw = await whole(
        Entry("README.txt", AT, chunks(b"read ", b"me"), text=True),
        Entry("files/1/\u00fcber.bin", AT, chunks(bytes(100_000), b"\xff")),
        Entry("files/2/empty", datetime(1970, 1, 1, tzinfo=UTC), chunks()),
    )
    opened = zipfile.ZipFile(io.BytesIO(raw))
    assert opened.testzip() is None
    assert opened.read("README.txt") == b"read me"
    assert opened.read("files/1/\u00fcber.bin") == bytes(100_000) + b"\xff"
    assert opened.read("files/2/empty") == b""
    assert opened.getinfo("README.txt").date_time == (2026, 11, 25, 12, 30, 14)
    assert opened.getinfo("files/2/empty").date_time == (1980, 1, 1, 0, 0, 0)
    assert [each.compress_type for each in opened.infolist()] == [zipfile.ZIP_DEFLATED, *[zipfile.ZIP_STORED] * 2]


async def test_empty_archive_is_one_too() -> None:
    assert zipfile.ZipFile(io.BytesIO(await whole())).namelist() == []


async def test_archive_that_breaks_off_is_not_taken_for_a_whole_one() -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"half"
        raise ConnectionResetError

    sent = []

    async def send() -> None:
        async for piece in archive(entries(Entry("a", AT, chunks(b"1")), Entry("b", AT, broken()))):
            sent.append(piece)  # noqa: PERF401  a list would be lost with the failure

    with pytest.raises(ConnectionResetError):
        await send()
    with pytest.raises(zipfile.BadZipFile):
        zipfile.ZipFile(io.BytesIO(b"".join(sent)))


async def test_memory_stays_flat_whatever_is_sent() -> None:
    """256 MB in one file: no more than some pieces are held at any time."""
    piece = bytes(262_144)

    async def long() -> AsyncIterator[bytes]:
        for _ in range(1000):
            yield piece

    tracemalloc.start()
    try:
        sent = 0
        async for each in archive(entries(Entry("long", AT, long()))):
            sent += len(each)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert sent > 262_144_000
    assert peak < 2_000_000
