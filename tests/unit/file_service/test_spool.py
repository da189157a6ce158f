import hashlib
from pathlib import Path

import pytest

from file_service.storage.spool import IN_MEMORY, Spool


@pytest.mark.parametrize("size", [0, 1, IN_MEMORY, IN_MEMORY + 1, 3 * IN_MEMORY])
def test_what_is_added_is_taken_in_order(tmp_path: Path, size: int) -> None:
    content = bytes(range(256)) * (size // 256 + 1)
    spool = Spool(tmp_path)
    for at in range(0, size, 10_000):
        spool.add([content[at : at + 5000][: size - at], content[at + 5000 : at + 10_000][: max(0, size - at - 5000)]])
    assert (spool.size, spool.waiting) == (size, size)
    assert spool.sha256 == hashlib.sha256(content[:size]).digest()
    assert spool.take(size) + spool.take(size) == content[:size]
    assert (spool.size, spool.waiting) == (size, 0)
    spool.close()


@pytest.mark.parametrize("size", [1000, 2 * IN_MEMORY])
def test_what_is_beyond_a_part_waits_for_the_next(tmp_path: Path, size: int) -> None:
    spool = Spool(tmp_path)
    spool.add([b"a" * size])
    assert spool.take(size - 10) == b"a" * (size - 10)
    assert spool.waiting == 10
    spool.add([b"b" * size])
    assert spool.take(2 * size) == b"a" * 10 + b"b" * size
    spool.close()


def test_nothing_is_left_in_the_folder(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.add([b"x" * (2 * IN_MEMORY)])
    assert list(tmp_path.iterdir()) == []
    spool.close()


def test_a_closed_spool_takes_no_more(tmp_path: Path) -> None:
    """A cancelled upload closes while its last write still waits for a thread."""
    spool = Spool(tmp_path)
    spool.close()
    with pytest.raises(OSError, match="given up"):
        spool.add([b"x" * (2 * IN_MEMORY)])
    assert list(tmp_path.iterdir()) == []
