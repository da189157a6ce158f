"""No byte of a backup can be changed, no file cut, lengthened, swapped or removed without being found out."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.backup.errors import BackupError, Damaged
from deploy.backup.manifest import MANIFEST, SIGNATURE
from deploy.backup.opened import open_backup
from deploy.backup.signing import new_private_key, public_key, sign
from deploy.backup.verifying import check_files
from shared.settings import Secret
from tests.unit.deploy.backup.small_backup import PASSPHRASE, PEM, SmallBackup, make_small_backup

CONTENTS = {"a" * 32: b"", "b" * 32: b"x" * 3000, "c" * 32: bytes(range(256)) * 1200}  # none, one chunk, two


@pytest.fixture(scope="module")
async def backup(tmp_path_factory: pytest.TempPathFactory) -> SmallBackup:
    return await make_small_backup(tmp_path_factory.mktemp("backups"), CONTENTS, b"dump" * 100_000)


def files_of(backup: SmallBackup) -> list[Path]:
    return [
        path for folder in (backup.path, backup.root / "blobs") for path in sorted(folder.rglob("*")) if path.is_file()
    ]


def verify(backup: SmallBackup) -> None:
    """Do all that needs no server."""
    opened = open_backup(backup.path, PASSPHRASE)
    opened.check_pieces()
    opened.secrets()
    asyncio.run(check_files(opened))
    assert b"".join(opened.database()) == b"dump" * 100_000


@contextmanager
def changed(path: Path, content: bytes | None) -> Iterator[None]:
    before = path.read_bytes()
    try:
        path.unlink() if content is None else path.write_bytes(content)
        yield
    finally:
        path.write_bytes(before)


def test_an_untouched_backup_is_whole(backup: SmallBackup) -> None:
    verify(backup)
    assert len(files_of(backup)) == 6 + 3


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_any_changed_byte_is_found(backup: SmallBackup, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(files_of(backup)))
    content = bytearray(path.read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    with changed(path, bytes(content)), pytest.raises(BackupError):
        verify(backup)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_file_that_is_cut_or_lengthened_is_found(backup: SmallBackup, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(files_of(backup)))
    content = path.read_bytes()
    longer = content + data.draw(st.binary(min_size=1, max_size=40))
    other = data.draw(st.sampled_from([content[: data.draw(st.integers(0, len(content) - 1))], longer]))
    with changed(path, other), pytest.raises(BackupError):
        verify(backup)


def test_a_file_that_is_missing_is_found_and_named(backup: SmallBackup) -> None:
    for path in files_of(backup):
        with changed(path, None), pytest.raises(Damaged, match=path.name):
            verify(backup)


def test_files_in_each_others_place_are_found(backup: SmallBackup) -> None:
    """Of one size, so that only the label that each is encrypted under tells them apart."""
    twins = [path for path in files_of(backup) if path.parent.parent.name == "blobs"]
    for path in twins:
        for other in twins:
            if path != other:
                with changed(path, other.read_bytes()), pytest.raises(Damaged):
                    verify(backup)


async def test_pieces_of_another_backup_of_the_same_folder_are_found(tmp_path: Path) -> None:
    first, second = [await make_small_backup(tmp_path, CONTENTS) for _ in range(2)]
    for path in first.path.iterdir():
        if path.name == "key.json":
            continue  # it is the same file
        with changed(path, (second.path / path.name).read_bytes()), pytest.raises(Damaged):
            open_backup(first.path, PASSPHRASE).check_pieces()


def test_a_manifest_that_a_stranger_signed_is_refused_though_all_else_fits(backup: SmallBackup) -> None:
    """Whoever doesn't know the passphrase can't put a key of their own among the secrets."""
    pem = new_private_key()
    content = (backup.path / MANIFEST).read_bytes().replace(public_key(PEM).encode(), public_key(pem).encode())
    with (
        changed(backup.path / MANIFEST, content),
        changed(backup.path / SIGNATURE, sign(pem, content)),
        pytest.raises(Damaged, match="another key"),
    ):
        verify(backup)


def test_who_knows_the_key_that_signs_needs_no_secrets_to_tell(backup: SmallBackup) -> None:
    with pytest.raises(Damaged, match="isn't signed by"):
        open_backup(backup.path, PASSPHRASE, public_key(new_private_key()))
    open_backup(backup.path, PASSPHRASE, public_key(PEM))


def test_another_passphrase_opens_nothing(backup: SmallBackup) -> None:
    with pytest.raises(BackupError, match="passphrase"):
        open_backup(backup.path, Secret("another one than it was"))
    with suppress(Damaged):  # and isn't called damage
        with pytest.raises(BackupError):
            open_backup(backup.path, Secret("another one than it was"))
        return
    raise AssertionError
