from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.backup import sealed
from deploy.backup.errors import Damaged
from deploy.backup.sealed import sealed_file, sealed_size, unsealed

KEY, CHUNK = b"k" * 32, 262_144


def write(path: Path, content: bytes) -> Path:
    with sealed_file(path, KEY, "label") as writer:
        writer.write(content)
    return path


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_what_is_written_is_read_and_as_large_as_foretold(tmp_path: Path, size: int) -> None:
    content = bytes(size)
    path = write(tmp_path / "sealed", content)
    assert b"".join(unsealed(path, KEY, "label")) == content
    assert path.stat().st_size == sealed_size(size)
    assert len(content) < 100 or content[:100] not in path.read_bytes()


@given(pieces=st.lists(st.binary(max_size=50), max_size=20))
def test_it_does_not_matter_in_which_pieces_it_is_written(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[bytes]
) -> None:
    path = tmp_path_factory.mktemp("sealed") / "file"
    with sealed_file(path, KEY, "label") as writer:
        for piece in pieces:
            writer.write(piece)
    assert b"".join(unsealed(path, KEY, "label")) == b"".join(pieces)


@pytest.mark.parametrize("size", [0, 10, CHUNK, 2 * CHUNK])
def test_a_cut_at_the_end_of_a_chunk_is_found(tmp_path: Path, size: int) -> None:
    path = write(tmp_path / "sealed", bytes(size))
    head, step = len(sealed._MAGIC) + 32, CHUNK + 16
    whole = path.read_bytes()
    for end in range(head, len(whole), step):
        path.write_bytes(whole[:end])
        with pytest.raises(Damaged):
            list(unsealed(path, KEY, "label"))


def test_chunks_in_another_order_are_found(tmp_path: Path) -> None:
    path = write(tmp_path / "sealed", bytes(3 * CHUNK))
    whole, head, step = path.read_bytes(), len(sealed._MAGIC) + 32, CHUNK + 16
    path.write_bytes(
        whole[:head] + whole[head + step : head + 2 * step] + whole[head : head + step] + whole[head + 2 * step :]
    )
    with pytest.raises(Damaged):
        list(unsealed(path, KEY, "label"))


@pytest.mark.parametrize(("key", "label"), [(b"l" * 32, "label"), (KEY, "another")])
def test_another_key_or_label_opens_nothing(tmp_path: Path, key: bytes, label: str) -> None:
    path = write(tmp_path / "sealed", b"secret")
    with pytest.raises(Damaged):
        list(unsealed(path, key, label))


def test_two_files_of_the_same_content_have_nothing_in_common(tmp_path: Path) -> None:
    one, other = [write(tmp_path / name, b"same").read_bytes()[8:] for name in ("one", "other")]
    assert one != other


def test_a_file_that_breaks_off_is_not_there(tmp_path: Path) -> None:
    def break_off() -> None:
        with sealed_file(tmp_path / "sealed", KEY, "label") as writer:
            writer.write(bytes(CHUNK))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        break_off()
    assert not list(tmp_path.iterdir())


def test_a_missing_file_is_damage(tmp_path: Path) -> None:
    with pytest.raises(Damaged, match="is missing"):
        list(unsealed(tmp_path / "none", KEY, "label"))
