"""F16: whatever the bytes are, readers end soon, with an answer or with one of two failures."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from file_service.inspection.headers.drive import run
from file_service.inspection.headers.pictures import READERS
from file_service.inspection.headers.reading import NotReadable, Reading, TooIntricate
from file_service.inspection.headers.streams import read_gzip, read_xz, read_zstd
from file_service.inspection.headers.zip import read_zip
from tests.unit.file_service.headers.in_memory import InMemory, picture
from tests.unit.file_service.headers.test_archives import zipped

ALL: dict[str, Callable[[int], Reading[object]]] = {
    **READERS,
    "zip": partial(read_zip, most_entries=100_000),
    "gzip": read_gzip,
    "xz": read_xz,
    "zstd": read_zstd,
}
SEEDS = {
    "image/png": picture("PNG", frames=3),
    "image/jpeg": picture("JPEG"),
    "image/webp": picture("WEBP", frames=3),
    "image/gif": picture("GIF", frames=3),
    "image/tiff": picture("TIFF", frames=3),
    "image/bmp": picture("BMP"),
    "image/avif": picture("AVIF", frames=3),
    "zip": zipped(b"one", b"two"),
}
_MOST_READS = 20_002  # two for each step that a reader may take


async def survey(name: str, content: bytes) -> None:
    reader = ALL[name]
    file = InMemory(content)
    with suppress(NotReadable, TooIntricate):
        await run(reader(len(content)), file.read)
    assert len(file.asked) <= _MOST_READS
    assert max(file.asked, default=0) <= 4 * 65_536


@pytest.mark.parametrize("name", ALL)
@settings(max_examples=30)
@given(content=st.binary(max_size=400))
async def test_any_bytes_are_survived(name: str, content: bytes) -> None:
    await survey(name, content)


@pytest.mark.parametrize("name", SEEDS)
@settings(max_examples=80)
@given(data=st.data())
async def test_a_changed_header_is_survived(name: str, data: st.DataObject) -> None:
    content = bytearray(SEEDS[name])
    places = st.integers(0, min(len(content), 600) - 1) | st.integers(max(0, len(content) - 100), len(content) - 1)
    for place in data.draw(st.lists(places, max_size=8)):
        content[place] = data.draw(st.sampled_from([0, 1, 0x7F, 0x80, 0xFE, 0xFF]) | st.integers(0, 255))
    await survey(name, bytes(content[: data.draw(st.integers(0, len(content)))]))


@pytest.mark.parametrize("name", SEEDS)
@settings(max_examples=20)
@given(data=st.data())
async def test_a_shortened_file_is_survived(name: str, data: st.DataObject) -> None:
    await survey(name, SEEDS[name][: data.draw(st.integers(0, len(SEEDS[name])))])
