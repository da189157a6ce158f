from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from file_service.delivery.ranges import ByteRange, if_range_holds, requested_range
from file_service.errors import RangeNotSatisfiable

CHANGED = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "start", "length"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-", 0, 100),
        ("bytes=10-19", 10, 10),
        ("bytes=90-1000", 90, 10),
        ("bytes=-10", 90, 10),
        ("bytes=-1000", 0, 100),
        ("Bytes= 5-6 ", 5, 2),
        pytest.param(f"bytes=5-{2**64}", 5, 95, id="F15: an end of 2^64"),
    ],
)
def test_a_single_range_is_cut_to_the_file(header: str, start: int, length: int) -> None:
    assert requested_range(header, 100) == ByteRange(start, length, 100)


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=-0", f"bytes={2**64}-", "bytes=100-200"])
def test_a_range_behind_the_end_is_refused_with_the_size(header: str) -> None:
    """F15: 2^64."""
    with pytest.raises(RangeNotSatisfiable) as caught:
        requested_range(header, 100)
    assert caught.value.headers == {"Content-Range": "bytes */100"}


@pytest.mark.parametrize(
    "header",
    [
        pytest.param("bytes=0-1,5-6", id="two ranges"),
        pytest.param("bytes=" + ",".join(f"{i}-{i}" for i in range(1000)), id="a thousand ranges"),
        pytest.param("bytes=5-4", id="backwards"),
        pytest.param("bytes=", id="empty"),
        pytest.param("bytes=-", id="no bounds"),
        pytest.param("bytes=a-b", id="no numbers"),
        pytest.param("bytes=\u0661-\u0662", id="digits that aren't ASCII"),
        pytest.param("bytes=+1-2", id="signed"),
        pytest.param("bytes=1_0-20", id="underscore"),
        pytest.param("lines=1-2", id="another unit"),
        pytest.param("bytes=" + "9" * 5000 + "-", id="5,000 digits"),
        pytest.param("", id="nothing"),
    ],
)
def test_what_is_no_single_range_asks_for_the_whole(header: str) -> None:
    """F15: 1,000 ranges, and malformed ones."""
    assert requested_range(header, 100) is None


def test_an_empty_file_has_no_part() -> None:
    assert requested_range("bytes=-5", 0) is None
    with pytest.raises(RangeNotSatisfiable):
        requested_range("bytes=0-", 0)


@given(st.integers(0, 2**70), st.none() | st.integers(0, 2**70), st.integers(0, 2**40))
def test_a_range_never_leaves_the_file(first: int, last: int | None, size: int) -> None:
    try:
        part = requested_range(f"bytes={first}-{'' if last is None else last}", size)
    except RangeNotSatisfiable:
        assert first >= size
        return
    if part is None:
        assert last is not None
        assert last < first
        return
    assert 0 <= part.start == first < size
    assert 1 <= part.length <= size - part.start


@given(st.text(max_size=120), st.integers(0, 1000))
def test_any_header_is_a_part_the_whole_or_refused(header: str, size: int) -> None:
    """F15: flat work on whatever comes."""
    try:
        part = requested_range(f"bytes={header}", size)
    except RangeNotSatisfiable:
        return
    assert part is None or part.start + part.length <= size


@pytest.mark.parametrize(
    ("header", "holds"),
    [
        (None, True),
        ('"abc"', True),
        ('"abd"', False),
        pytest.param('W/"abc"', False, id="weak"),
        pytest.param("abc", False, id="unquoted"),
        ("Sun, 22 Nov 2026 10:30:00 GMT", True),
        ("Sun, 22 Nov 2026 10:29:59 GMT", False),
        ("Sun, 22 Nov 2026 10:30:01 GMT", False),
        pytest.param("Sun, 22 Nov 2026 10:30:00", False, id="no zone"),
        pytest.param("\x00" * 50, False, id="garbage"),
        pytest.param("Sun, 99 Nov 99999 99:99:99 GMT", False, id="no date"),
        pytest.param('"abc", "abd"', False, id="a list"),
    ],
)
def test_if_range_holds_for_exactly_this_version(header: str | None, *, holds: bool) -> None:
    """F15: bad If-Range."""
    assert if_range_holds(header, "abc", CHANGED) is holds


@given(st.text(max_size=60))
def test_any_if_range_is_answered(header: str) -> None:
    """F15: bad If-Range."""
    assert if_range_holds(header, "abc", CHANGED) in (True, False)
