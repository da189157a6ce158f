"""How many pixels a picture says it has, compared with what Pillow wrote."""

import io
import struct

import pytest
from PIL import Image

from file_service.inspection.headers.reading import NotReadable, TooIntricate
from file_service.inspection.headers.size import PictureSize
from tests.unit.file_service.headers.in_memory import picture, picture_size


@pytest.mark.parametrize(
    ("kind", "content_type"),
    [
        ("PNG", "image/png"),
        ("JPEG", "image/jpeg"),
        ("WEBP", "image/webp"),
        ("GIF", "image/gif"),
        ("TIFF", "image/tiff"),
        ("BMP", "image/bmp"),
        ("AVIF", "image/avif"),
    ],
)
async def test_size_of_a_picture_is_read(kind: str, content_type: str) -> None:
    assert await picture_size(content_type, picture(kind, (321, 123))) == PictureSize(321, 123, 1)


@pytest.mark.parametrize(
    ("kind", "content_type"),
    [
        ("PNG", "image/png"),
        ("WEBP", "image/webp"),
        ("GIF", "image/gif"),
        ("TIFF", "image/tiff"),
        ("AVIF", "image/avif"),
    ],
)
async def test_frames_are_counted(kind: str, content_type: str) -> None:
    assert await picture_size(content_type, picture(kind, frames=7)) == PictureSize(60, 40, 7)


@pytest.mark.parametrize("options", [{"lossless": True}, {"lossless": False}, {"exif": b"Exif\0\0MM\0*\0\0\0\x08\0\0"}])
async def test_every_form_of_webp_is_read(options: dict[str, object]) -> None:
    out = io.BytesIO()
    Image.new("RGB", (321, 123)).save(out, "WEBP", **options)

    assert await picture_size("image/webp", out.getvalue()) == PictureSize(321, 123)


async def test_jpeg_is_read_behind_large_segments() -> None:
    """F16: a size behind 600 kB of comments counts too."""
    plain = picture("JPEG", (3000, 2000))
    comment = b"\xff\xfe\xff\xff" + bytes(0xFFFD)

    assert await picture_size("image/jpeg", plain[:2] + 10 * comment + plain[2:]) == PictureSize(3000, 2000)


async def test_bytes_that_begin_as_a_bmp_by_chance_are_none() -> None:
    with pytest.raises(NotReadable):
        await picture_size("image/bmp", b"BM" + bytes(range(100, 250)))


async def test_largest_of_several_frame_headers_counts() -> None:
    """F16: decoders don't agree on which of them it is."""
    plain = picture("JPEG", (10, 10))
    huge = b"\xff\xc0\x00\x0b\x08\xff\xff\xff\xff\x01\x01\x11\x00"

    assert await picture_size("image/jpeg", plain[:2] + huge + plain[2:]) == PictureSize(65535, 65535)


async def test_larger_frame_than_a_gifs_canvas_counts() -> None:
    """F16."""
    gif = b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0, 0, 0) + b"," + struct.pack("<HHHHB", 0, 0, 60000, 50000, 0)

    assert await picture_size("image/gif", gif + b"\x02\x01\x00\x00;") == PictureSize(60000, 50000)


async def test_big_tiff_is_read() -> None:
    entries = b"".join(struct.pack("<HHQI4x", tag, 4, 1, side) for tag, side in ((256, 70000), (257, 80000)))
    content = b"II+\0\x08\0\0\0" + struct.pack("<QQ", 16, 2) + entries + bytes(8)

    assert await picture_size("image/tiff", content) == PictureSize(70000, 80000)


async def test_tiff_that_leads_in_a_circle_ends() -> None:
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, 9) for tag in (256, 257))
    content = b"II*\0" + struct.pack("<IH", 8, 2) + entries + struct.pack("<I", 8)

    assert await picture_size("image/tiff", content) == PictureSize(9, 9, 1)


async def test_tiff_whose_directories_share_their_entries_is_too_intricate() -> None:
    """F16: each begins an entry behind the one before, and has nearly all of its entries: a few kilobytes, and millions
    to walk through.
    """
    pages, entries = 1_000, 2_000
    following = [max(8, 8 + 12 * (number - entries)) for number in range(1, pages + entries)] + [0]
    shared = b"".join(struct.pack("<HI6x", entries, at) for at in following)

    with pytest.raises(TooIntricate):
        await picture_size("image/tiff", b"II*\0" + struct.pack("<I", 8) + shared)


async def test_tiff_of_thousands_of_pages_is_read() -> None:
    """Twenty entries a page, as scanners write them."""
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, 9) for tag in range(256, 276))
    page = 2 + len(entries) + 4
    starts = [8 + page * number for number in range(9_999)] + [0]
    pages = b"".join(struct.pack("<H", 20) + entries + struct.pack("<I", following) for following in starts[1:])

    assert await picture_size("image/tiff", b"II*\0" + struct.pack("<I", 8) + pages) == PictureSize(9, 9, 9_999)


async def test_gif_with_a_million_blocks_is_too_intricate() -> None:
    """F16: the walk through it is bounded."""
    with pytest.raises(TooIntricate):
        await picture_size("image/gif", b"GIF89a" + bytes(7) + b"!\xfe" + 1_000_001 * b"\x01\x00")


@pytest.mark.parametrize("content_type", ["image/png", "image/jpeg", "image/webp", "image/gif", "image/tiff"])
async def test_what_is_no_such_picture_isnt_readable(content_type: str) -> None:
    with pytest.raises(NotReadable):
        await picture_size(content_type, b"PK\x03\x04 and more than thirty bytes of another kind")
