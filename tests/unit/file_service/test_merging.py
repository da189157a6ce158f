"""Which blobs of an upload are joined: few are left, and little is written again."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from file_service.domain.file import HeldBlob
from file_service.storage.contract import new_key
from file_service.uploads.resumable.merging import EVERY, MEAN, run_to_merge

KIB, MIB = 1024, 1024**2
PIECES = st.lists(
    st.tuples(
        st.lists(st.sampled_from([1, 7, KIB, 64 * KIB, MIB, MIB + 1, 5 * MIB, MEAN - 1, MEAN, 16 * MIB]), max_size=40),
        st.integers(1, 20),
    ),
    min_size=1,
    max_size=8,
)


def lying(*sizes: int) -> list[HeldBlob]:
    return [HeldBlob(new_key(), sum(sizes[:number]), size, b"") for number, size in enumerate(sizes)]


def joined(blobs: Sequence[HeldBlob], run: Sequence[HeldBlob]) -> list[HeldBlob]:
    first = blobs.index(run[0])
    assert list(blobs[first : first + len(run)]) == list(run)  # neighbours
    whole = HeldBlob(new_key(), run[0].start, sum(blob.size for blob in run), b"")
    return [*blobs[:first], whole, *blobs[first + len(run) :]]


def taken_in(sizes: Sequence[int]) -> tuple[list[HeldBlob], int]:
    """Return what an upload of such pieces comes to, and how many bytes were written again."""
    blobs: list[HeldBlob] = []
    start = again = 0
    for number, size in enumerate(sizes, 1):
        blobs.append(HeldBlob(new_key(), start, size, b""))
        start += size
        while (number % EVERY == 0 or number == len(sizes)) and (run := run_to_merge(blobs)):
            blobs = joined(blobs, run)
            again += sum(blob.size for blob in run)
    return blobs, again


@pytest.mark.parametrize(
    ("sizes", "first", "count"),
    [
        pytest.param([1] * (EVERY - 1), 0, 0, id="too few"),
        pytest.param([1] * (EVERY + 5), 0, EVERY, id="enough"),
        pytest.param([5_000_000, *[1] * EVERY], 1, EVERY, id="behind a large one"),
        pytest.param([*[1] * 20, 5_000_000, *[1] * 20], 0, 20, id="on both sides of a large one"),
        pytest.param([*[60_000] * EVERY, *[1] * EVERY], EVERY, EVERY, id="the smallest first"),
        pytest.param([5 * MIB] * 1000, 0, 3, id="too many large ones"),
        pytest.param([MEAN] * 1000, 0, 0, id="large ones"),
        pytest.param([1, 2 * MEAN] * 500, 0, 0, id="as many as there may be"),
    ],
)
def test_those_neighbours_are_joined_that_cost_least(sizes: list[int], first: int, count: int) -> None:
    blobs = lying(*sizes)
    assert list(run_to_merge(blobs)) == blobs[first : first + count]


@settings(deadline=None)
@given(PIECES)
def test_whatever_pieces_come_few_blobs_are_left_and_little_is_written_again(
    pieces: list[tuple[list[int], int]],
) -> None:
    sizes = [size for pattern, times in pieces for size in pattern * times]
    blobs, again = taken_in(sizes)
    assert [blob.start for blob in blobs] == [sum(each.size for each in blobs[:number]) for number in range(len(blobs))]
    assert sum(blob.size for blob in blobs) == sum(sizes)
    assert len(blobs) < EVERY + sum(sizes) / MEAN + 1
    assert again <= 4 * sum(sizes)


@pytest.mark.parametrize(
    ("pieces", "most", "again"),
    [
        pytest.param([MIB + 1] * 1023, 160, 1.0, id="just over a MiB"),
        pytest.param([*[1] * 31, MIB + 1] * 20, EVERY + 2, 1.0, id="large ones between tiny ones"),
        pytest.param([1] * 5000, EVERY, 3.0, id="bytes"),
        pytest.param([MEAN] * 128, 128, 0.0, id="8 MiB"),
        pytest.param([16 * MIB] * 64, 64, 0.0, id="16 MiB"),
    ],
)
def test_an_upload_comes_to_few_blobs(pieces: list[int], most: int, again: float) -> None:
    blobs, written_again = taken_in(pieces)
    assert len(blobs) <= most
    assert written_again <= again * sum(pieces)
