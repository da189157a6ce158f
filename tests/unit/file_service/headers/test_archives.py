"""What archives say that they unpack to, and how they lie about it."""

import gzip
import io
import lzma
import struct
import zipfile

import pytest

from file_service.inspection.headers.archives import archive_reader
from file_service.inspection.headers.contents import ArchiveContents
from file_service.inspection.headers.drive import run
from file_service.inspection.headers.reading import NotReadable, TooIntricate
from tests.unit.file_service.headers.in_memory import InMemory


async def contents(content: bytes, most_entries: int = 100_000) -> ArchiveContents:
    return await contents_of(InMemory(content), most_entries)


async def contents_of(file: InMemory, most_entries: int) -> ArchiveContents:
    reader = archive_reader(file.content[:16], most_entries)
    assert reader is not None
    return await run(reader(len(file.content)), file.read)


def zipped(*entries: bytes, comment: bytes = b"", large: bool = False) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.comment = comment
        for number, entry in enumerate(entries):
            with archive.open(f"{number}.txt", "w", force_zip64=large) as written:
                written.write(entry)
    return out.getvalue()


def stored(*archives: bytes) -> bytes:
    """Return an archive that has these as they are."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for number, inner in enumerate(archives):
            archive.writestr(f"lib/{number}.jar", inner)
    return out.getvalue()


def entry(size: int, packed: int, offset: int, extra: bytes = b"") -> bytes:
    fields = (20, 20, 0, 8, 0, 0, 0, packed, size, 1, len(extra), 0, 0, 0, 0, offset)
    return b"PK\x01\x02" + struct.pack("<HHHHHHIIIHHHHHII", *fields) + b"a" + extra


def archive_of(entries: list[bytes], *, said: int | None = None, before: bytes = b"PK\x03\x04" + bytes(96)) -> bytes:
    directory, count = b"".join(entries), len(entries) if said is None else said
    end = struct.pack("<HHHHIIH", 0, 0, count, count, len(directory), len(before), 0)
    return before + directory + b"PK\x05\x06" + end


def large_archive(directory: bytes, *, said: int = 1, before: bytes = b"PK\x03\x04" + bytes(96)) -> bytes:
    """Return an archive whose numbers stand in the record of a large one alone."""
    record = b"PK\x06\x06" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, said, said, len(directory), len(before))
    locator = b"PK\x06\x07" + struct.pack("<IQI", 0, len(before) + len(directory), 1)
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    return before + directory + record + locator + end


def with_comment(archive: bytes, length: int, comment: bytes) -> bytes:
    return archive[:-2] + struct.pack("<H", length) + comment


def broken_off(archive: bytes) -> bytes:
    return with_comment(archive, 1, b"")


BOMB, HARMLESS = zipped(bytes(200_000)), zipped(b"x")
EMPTY = b"PK\x05\x06" + bytes(18)
LARGE_BOMB = large_archive(entry(200_000, 40, 0))


async def test_entries_and_their_bytes_are_told() -> None:
    found = await contents(zipped(bytes(5000), b"abc", comment=b"of 2026"))

    assert (found.entries, found.unpacked) == (2, 5003)
    assert 0 < found.packed < 100


async def test_empty_archive_holds_nothing() -> None:
    assert await contents(zipped()) == ArchiveContents(0, 0, 0)


async def test_many_entries_are_all_counted() -> None:
    found = await contents(zipped(*(b"x" for _ in range(3000))))

    assert (found.entries, found.unpacked) == (3000, 3000)


async def test_entries_without_bytes_are_counted() -> None:
    """F16: folders and empty files cost whoever unpacks them as much as others."""
    assert await contents(zipped(*(b"" for _ in range(3000)))) == ArchiveContents(3000, 0, 6000)


async def test_sizes_of_64_bits_count() -> None:
    wide = struct.pack("<HHQQ", 1, 16, 1 << 45, 30)

    found = await contents(archive_of([entry(0xFFFFFFFF, 0xFFFFFFFF, 0, wide)]))

    assert (found.unpacked, found.packed) == (1 << 45, 30)


async def test_record_of_a_large_archive_is_believed_where_it_fits() -> None:
    large = large_archive(entry(1000, 40, 0))

    assert (await contents(large)).unpacked == 1000
    with pytest.raises(NotReadable):
        await contents(large[:-42] + bytes(20) + large[-22:])
    with pytest.raises(NotReadable):
        await contents(large[:-98] + bytes(56) + large[-42:])


async def test_record_of_a_large_archive_may_say_again_what_its_end_says() -> None:
    """As Info-ZIP writes it that doesn't know beforehand how much comes: `tar c photos | zip photos.zip -`."""
    directory = entry(1000, 40, 0)
    large = large_archive(directory)[:-14]

    assert (await contents(large + struct.pack("<HHIIH", 1, 1, len(directory), 100, 0))).unpacked == 1000
    assert (await contents(large + struct.pack("<HHIIH", 1, 1, len(directory), 0xFFFFFFFF, 0))).unpacked == 1000
    for entries, length, start in ((2, len(directory), 100), (1, len(directory) - 1, 100), (1, len(directory), 99)):
        with pytest.raises(NotReadable):
            await contents(large + struct.pack("<HHIIH", entries, entries, length, start, 0))


async def test_first_part_of_a_split_archive_tells_nothing() -> None:
    assert await contents(b"PK\x03\x04" + bytes(1000)) == ArchiveContents(0, 0, 0)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(archive_of([entry(10**9, 50, 0), entry(10**9, 50, 0)]), id="entries that overlap"),
        pytest.param(archive_of([entry(10, 50, 0), entry(10, 30, 60)]), id="one within another"),
        pytest.param(archive_of([entry(10, 500, 0)]), id="an entry beyond the directory"),
        pytest.param(archive_of([entry(10, 5, 0)], said=2), id="fewer entries than said"),
        pytest.param(archive_of([entry(10, 5, 0), entry(10, 5, 40)], said=1), id="more entries than said"),
        pytest.param(
            archive_of([entry(10, 5, 0), b"PK\x01\x01" + entry(10, 5, 40)[4:]]), id="something else among them"
        ),
        pytest.param(archive_of([entry(10, 5, 0)], said=0xFFFF), id="large without the record of one"),
    ],
)
async def test_archive_that_contradicts_itself_isnt_readable(content: bytes) -> None:
    """F16: unpackers differ in what they believe then."""
    with pytest.raises(NotReadable):
        await contents(content)


async def test_worst_of_several_end_records_counts() -> None:
    """F16: some readers take the last one, which here stands in the comment of the first."""
    hidden = with_comment(BOMB, len(HARMLESS), HARMLESS)

    assert (await contents(hidden)).unpacked == 200_000


async def test_larger_directory_hides_no_entries_of_another() -> None:
    """F16."""
    hidden = with_comment(zipped(*(b"" for _ in range(3000))), len(HARMLESS), HARMLESS)

    found = await contents(hidden)

    assert (found.entries, found.unpacked) == (3001, 1)


async def test_more_entries_than_may_be_arent_walked_through() -> None:
    """F16: neither those of one directory, nor those of several together."""
    many = zipped(*(b"" for _ in range(3000)))
    twice = InMemory(with_comment(many, len(HARMLESS), HARMLESS))
    once = InMemory(many)

    assert (await contents_of(once, 2999)).entries == 3000
    assert (await contents_of(twice, 3000)).entries == 3001
    assert (len(once.asked), len(twice.asked)) == (2, 3)  # the end, in two, and the smaller directory


async def test_directory_of_more_entries_than_are_said_isnt_walked_through() -> None:
    """F16."""
    file = InMemory(archive_of([entry(1, 1, 40 * number) for number in range(9000)], said=1))

    with pytest.raises(NotReadable):
        await contents_of(file, 100_000)
    assert len(file.asked) == 3


async def test_large_entries_of_thousands_of_fields_are_too_intricate() -> None:
    """F16."""
    fields = struct.pack("<HH", 2, 0) * 16_000

    with pytest.raises(TooIntricate):
        await contents(archive_of([entry(0xFFFFFFFF, 1, 40 * number, fields) for number in range(32)]))


@pytest.mark.parametrize("behind", [b"", b"\0", b"\r\n", bytes(500)], ids=["nothing", "a byte", "a line", "a block"])
async def test_archives_stored_within_one_are_its_entries(behind: bytes) -> None:
    """As programs are packed with their libraries, and what somebody has packed twice."""
    inner = [zipped(b"library", str(number).encode()) for number in range(30)]

    found = await contents(stored(*inner) + behind)

    assert (found.entries, found.unpacked) == (30, sum(map(len, inner)))


async def test_large_archive_stored_within_one_is_its_entry() -> None:
    inner = large_archive(entry(1000, 40, 0))

    found = await contents(stored(b"a text", inner))

    assert (found.entries, found.unpacked) == (2, 6 + len(inner))


async def test_first_part_of_an_archive_of_archives_passes() -> None:
    """It ends with one of those within."""
    whole = stored(*(zipped(b"library", str(number).encode()) for number in range(30)))
    (directory,) = struct.unpack_from("<I", whole, len(whole) - 6)

    assert (await contents(whole[:directory])).entries == 2


@pytest.mark.parametrize(
    "hidden",
    [
        pytest.param(BOMB + HARMLESS, id="before another archive"),
        pytest.param(LARGE_BOMB + HARMLESS, id="large, before another archive"),
        pytest.param(HARMLESS + BOMB + b"\0", id="behind another, with a byte behind it"),
        pytest.param(HARMLESS + BOMB + EMPTY + b"\0", id="before an empty one and a byte"),
        pytest.param(HARMLESS + broken_off(BOMB), id="with a comment that breaks off"),
        pytest.param(HARMLESS + BOMB + broken_off(HARMLESS), id="before one that breaks off"),
        pytest.param(with_comment(BOMB, len(HARMLESS) + 1, HARMLESS + b"\0"), id="a comment and a byte"),
    ],
)
async def test_no_unpacker_finds_a_bomb_that_we_dont(hidden: bytes) -> None:
    """F16: they don't agree on which end record it is."""
    assert (await contents(hidden)).unpacked == 200_000


async def test_dozens_of_end_records_are_too_intricate() -> None:
    """Each says that the rest is its comment."""
    ends = [b"PK\x05\x06" + bytes(16) + struct.pack("<H", 22 * number) for number in reversed(range(20))]

    with pytest.raises(TooIntricate):
        await contents(b"PK\x03\x04" + b"".join(ends))


async def test_gzip_tells_what_comes_out_at_least() -> None:
    assert (await contents(gzip.compress(bytes(123_456)))).unpacked == 123_456


async def test_impossible_gzip_trailer_is_passed_over() -> None:
    assert (await contents(gzip.compress(b"x") + b"\xff\xff\xff\xff")).unpacked == 0


async def test_xz_tells_what_its_blocks_unpack_to() -> None:
    assert (await contents(lzma.compress(bytes(1_234_567)))).unpacked == 1_234_567


@pytest.mark.parametrize(
    ("descriptor", "said", "size"),
    [
        (b"\x20", b"\x63", 99),
        (b"\x40\x00", b"\x01\x00", 257),
        (b"\x80\x00", struct.pack("<I", 10**9), 10**9),
        (b"\xc0\x00", struct.pack("<Q", 1 << 40), 1 << 40),
        (b"\x00\x58", b"", 0),
    ],
)
async def test_zstandard_tells_its_size_where_it_does(descriptor: bytes, said: bytes, size: int) -> None:
    assert (await contents(b"\x28\xb5\x2f\xfd" + descriptor + said + bytes(20))).unpacked == size


def test_other_files_are_no_archives() -> None:
    assert archive_reader(b"BZh9", 1) is None
    assert archive_reader(b"", 1) is None
