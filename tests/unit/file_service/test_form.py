import re
from collections.abc import AsyncIterator, Sequence
from itertools import pairwise

import pytest
from aiohttp import MultipartWriter
from hypothesis import given, settings
from hypothesis import strategies as st

from file_service.errors import TooManyParts
from file_service.uploads.form import MAX_PARTS, FormReader
from shared.errors import AppError, MalformedBody

BOUNDARY = "xYz"


async def _pieces(body: bytes, cuts: Sequence[int]) -> AsyncIterator[bytes]:
    places = [0, *sorted(cut % (len(body) + 1) for cut in cuts), len(body)]
    for start, end in pairwise(places):
        if body[start:end]:
            yield body[start:end]


async def _read(body: bytes, cuts: Sequence[int] = (), boundary: str = BOUNDARY) -> list[tuple[dict[str, str], bytes]]:
    return [
        (part.headers, b"".join([chunk async for chunk in part.chunks]))
        async for part in FormReader(_pieces(body, cuts), boundary).parts()
    ]


def _part(content: bytes, headers: bytes = b"Content-Disposition: form-data; name=a\r\n") -> bytes:
    return b"--xYz\r\n" + headers + b"\r\n" + content + b"\r\n"


@given(st.lists(st.binary(max_size=200), max_size=5), st.lists(st.integers(0, 2000), max_size=30))
@settings(deadline=None)
async def test_what_aiohttp_writes_is_read_however_it_is_cut(contents: list[bytes], cuts: list[int]) -> None:
    with MultipartWriter("form-data", boundary=BOUNDARY) as writer:
        for content in contents:
            writer.append(content).set_content_disposition("form-data", name="a")
    body = await writer.as_bytes()
    assert [content for _, content in await _read(body, cuts)] == contents


@pytest.mark.parametrize("cut_everywhere", [False, True])
async def test_content_that_looks_like_a_boundary_is_content(*, cut_everywhere: bool) -> None:
    tricky = b"\r\n--xY\r\n-\r\n--\r\nxYz--\r\n\r\r\n"
    body = b"a preamble\r\n" + _part(tricky) + _part(b"") + b"--xYz--\r\nan epilogue"
    cuts = range(len(body)) if cut_everywhere else ()
    assert [content for _, content in await _read(body, cuts)] == [tricky, b""]


async def test_headers_are_told_in_lower_case() -> None:
    ((headers, _),) = await _read(_part(b"x", b"Content-TYPE:  text/plain \r\nX-Y: z\r\n") + b"--xYz--")
    assert headers == {"content-type": "text/plain", "x-y": "z"}


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"--xYz", id="cut in the first boundary"),
        pytest.param(_part(b"x") + b"--xYz--" + bytes(9000), id="goes on behind the last boundary"),
        pytest.param(_part(b"x"), id="no last boundary"),
        pytest.param(_part(b"x") + b"--xYz-", id="half a last boundary"),
        pytest.param(b"--xYz\r\nContent-Dispo", id="cut in the headers"),
        pytest.param(b"--xYzzz\r\n\r\nx\r\n--xYz--", id="a boundary with a tail"),
        pytest.param(_part(b"x", b"no colon\r\n") + b"--xYz--", id="a header without a colon"),
        pytest.param(_part(b"x", b"A : b\r\n") + b"--xYz--", id="a space before the colon"),
        pytest.param(_part(b"x", b"A: b\r\n c\r\n") + b"--xYz--", id="a folded header"),
        pytest.param(_part(b"x", b"A: b\r\na: c\r\n") + b"--xYz--", id="a header twice"),
    ],
)
async def test_a_broken_form_is_refused(body: bytes) -> None:
    with pytest.raises(MalformedBody):
        await _read(body)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(_part(b"") * (MAX_PARTS + 1) + b"--xYz--", id="many parts"),
        pytest.param(b"--xYz\r\n" + b"A: " + b"x" * 9000 + b"\r\n\r\nx\r\n--xYz--", id="a huge header"),
        pytest.param(_part(b"x", b"".join(b"A%d: %s\r\n" % (i, b"x" * 90) for i in range(100))), id="many headers"),
        pytest.param(b"x" * 10_000 + b"\r\n--xYz--", id="a huge preamble"),
    ],
)
async def test_a_form_out_of_bounds_is_refused(body: bytes) -> None:
    """F17: many parts, huge part headers."""
    with pytest.raises(TooManyParts):
        await _read(body, range(0, len(body), 1000))


async def test_as_many_parts_as_allowed_are_read() -> None:
    assert len(await _read(_part(b"") * MAX_PARTS + b"--xYz--")) == MAX_PARTS


@pytest.mark.parametrize("boundary", ["", "x" * 71, "a\r\nb", "ends with a space ", "ü"])
async def test_a_boundary_that_is_none_is_refused(boundary: str) -> None:
    with pytest.raises(MalformedBody):
        await _read(b"", boundary=boundary)


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=5))
async def test_garbage_is_refused_by_name(garbage: bytes, cuts: list[int]) -> None:
    body = re.sub(rb"[0-4]", b"\r\n--xYz", garbage)
    try:
        await _read(body, cuts)
    except AppError as refused:
        assert refused.status in (400, 413)  # noqa: PT017  well-formed by chance is fine as well
