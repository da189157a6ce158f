"""F16: bombs are refused by what their headers say, and nothing is left of them."""

import io
import struct
import zipfile
import zlib

import pytest

from tests.integration.file_service.running_service import Person, RunningService
from tests.unit.file_service.headers.in_memory import picture
from tests.unit.file_service.headers.test_archives import archive_of, entry, large_archive, stored, zipped

ELEVEN_GB = archive_of([entry(10**9, 1, 40 * number) for number in range(11)], before=b"PK\x03\x04" + bytes(500))


def png(width: int, height: int, frames: int = 0) -> bytes:
    """Return a PNG that says it is so large, and has no pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    animation = chunk(b"acTL", struct.pack(">II", frames, 0)) if frames else b""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + animation + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


def zeros(size: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("zeros", "w") as written:
        for _ in range(size // 1_000_000):
            written.write(bytes(1_000_000))
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        pytest.param(png(30_000, 30_000), "pixel_bomb", id="900 million pixels"),
        pytest.param(png(1000, 1000, frames=2000), "pixel_bomb", id="2,000 frames of a million"),
        pytest.param(zeros(120_000_000), "archive_bomb", id="a thousand times its size"),
        pytest.param(ELEVEN_GB, "archive_bomb", id="11 GB"),
        pytest.param(large_archive(bytes(46 * 100_001), said=100_001), "archive_bomb", id="100,001 entries"),
        pytest.param(archive_of([entry(10**9, 50, 0)] * 5), "unreadable_archive", id="entries that overlap"),
        pytest.param(archive_of([entry(10, 5, 0)], said=0xFFFF), "unreadable_archive", id="a large one that is none"),
    ],
)
async def test_bomb_is_refused(service: RunningService, ada: Person, content: bytes, code: str) -> None:
    answer = await ada.post(content, {"Content-Type": "application/octet-stream"})

    assert (answer.status, (await answer.json())["code"]) == (422, code)
    await service.settled(blobs=0)
    assert await service.fetch("select from files.file") == []


@pytest.mark.parametrize(
    "before", [b"\0", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)], ids=["a byte", "a document"]
)
async def test_bomb_that_stands_behind_something_is_refused_by_its_name(
    service: RunningService, ada: Person, before: bytes
) -> None:
    """F16: unpackers find it by its end."""
    answer = await ada.post(before + ELEVEN_GB, name="photos.ZIP")

    assert (answer.status, (await answer.json())["code"]) == (422, "archive_bomb")
    await service.settled(blobs=0)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"\0" + zipped(b"a text"), id="an archive behind something"),
        pytest.param(bytes(500) + b"PK\x05\x06\x02\x00" + bytes(16), id="the last part of a split archive"),
        pytest.param(bytes(500), id="none"),
    ],
)
async def test_what_is_named_as_an_archive_and_begins_otherwise_is_kept(ada: Person, content: bytes) -> None:
    assert (await ada.post(content, name="photos.zip")).status == 201


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(png(15_000, 15_000), id="225 million pixels"),
        pytest.param(picture("GIF", frames=30), id="an animation"),
        pytest.param(zeros(80_000_000), id="an archive of zeros below 100 MiB"),
        pytest.param(stored(*(zipped(b"a library") for _ in range(30))), id="a program with thirty small libraries"),
        pytest.param(b"PK\x03\x04" + bytes(100), id="the first part of a split archive"),
        pytest.param(b"\x89PNG\r\n\x1a\n" + bytes(10), id="a picture that breaks off"),
    ],
)
async def test_large_and_odd_files_of_honest_people_are_kept(ada: Person, content: bytes) -> None:
    answer = await ada.post(content)

    assert answer.status == 201, await answer.text()
    assert (await answer.json())["check"] == "none"
