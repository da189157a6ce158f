import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deploy.backup.blobs import BlobStore, ListedBlob, read_list
from deploy.backup.errors import BackupError, Damaged
from deploy.backup.folder import BackupFolder, find_backup, made_at, new_backup_id
from deploy.backup.opened import open_backup
from deploy.backup.passphrase import new_key_file, open_key_file
from deploy.backup.pruning import prune
from deploy.backup.settings import VaultSettings
from shared.settings import Env, SettingsError
from tests.stores import ROOT
from tests.unit.deploy.backup.one_blob import OneBlob
from tests.unit.deploy.backup.small_backup import PASSPHRASE, make_small_backup

OLD, SHARED, NEW = "a" * 32, "b" * 32, "c" * 32
LOCKER = """
import sys, deploy.backup.folder as f, pathlib
with f.BackupFolder(pathlib.Path(sys.argv[1])).held():
    print("held", flush=True)
    sys.stdin.read()
"""


def blobs_in(root: Path) -> set[str]:
    return {path.name for path in root.glob("blobs/*/*")}


async def test_pruning_removes_what_only_old_backups_name(tmp_path: Path) -> None:
    first = await make_small_backup(tmp_path, {OLD: b"old", SHARED: b"shared"})
    second = await make_small_backup(tmp_path, {SHARED: b"shared", NEW: b"new"})
    pruned = prune(tmp_path, 1, PASSPHRASE)
    assert (pruned.backups, pruned.files) == (1, 1)
    assert not first.path.exists()
    assert blobs_in(tmp_path) == {SHARED, NEW}
    opened = open_backup(second.path, PASSPHRASE)
    for blob in opened.blobs():
        opened.store.check(blob)


async def test_pruning_keeps_what_there_is_when_more_was_wished(tmp_path: Path) -> None:
    made = await make_small_backup(tmp_path, {OLD: b"old"})
    assert prune(tmp_path, 5, PASSPHRASE).backups == 0
    assert made.path.is_dir()
    assert blobs_in(tmp_path) == {OLD}


async def test_pruning_removes_nothing_while_it_cannot_know_what_is_needed(tmp_path: Path) -> None:
    first = await make_small_backup(tmp_path, {OLD: b"old"})
    second = await make_small_backup(tmp_path, {NEW: b"new"})
    (second.path / "blobs.sealed").write_bytes(b"damaged")
    with pytest.raises(Damaged):
        prune(tmp_path, 1, PASSPHRASE)
    assert first.path.is_dir()
    assert blobs_in(tmp_path) == {OLD, NEW}


async def test_the_newest_complete_backup_is_the_one_that_is_meant(tmp_path: Path) -> None:
    first, second = [await make_small_backup(tmp_path, {}) for _ in range(2)]
    BackupFolder(tmp_path).begin(new_backup_id(datetime(2999, 1, 1, tzinfo=UTC)))
    assert find_backup(tmp_path) == second.path
    assert find_backup(first.path) == first.path


def test_a_folder_without_a_complete_backup_says_so(tmp_path: Path) -> None:
    BackupFolder(tmp_path).create(PASSPHRASE)
    BackupFolder(tmp_path).begin(new_backup_id(datetime.now(UTC)))
    with pytest.raises(BackupError, match="no complete backup"):
        find_backup(tmp_path)
    with pytest.raises(BackupError, match="no complete backup"):
        find_backup(tmp_path / "nowhere")


async def test_the_next_backup_removes_what_one_left_that_was_broken_off(tmp_path: Path) -> None:
    folder = BackupFolder(tmp_path)
    folder.create(PASSPHRASE)
    left = folder.begin(new_backup_id(datetime.now(UTC)))
    (left / "database.sealed").write_bytes(b"half")
    (tmp_path / "blobs" / "aa").mkdir()
    (tmp_path / "blobs" / "aa" / f".{OLD}.1234").write_bytes(b"half")
    made = await make_small_backup(tmp_path, {OLD: b"old"})
    assert not left.exists()
    assert blobs_in(tmp_path) == {OLD}
    assert folder.backups() == [made.path]


def test_two_writers_do_not_meet_in_a_folder(tmp_path: Path) -> None:
    BackupFolder(tmp_path).create(PASSPHRASE)
    command = [sys.executable, "-c", LOCKER, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        with pytest.raises(BackupError, match="at work"), BackupFolder(tmp_path).held():
            pass
        other.communicate()
    with BackupFolder(tmp_path).held():
        pass


def test_names_sort_by_time_and_tell_it() -> None:
    early, late = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC)
    assert new_backup_id(early) < new_backup_id(late)
    assert made_at(Path(new_backup_id(early))) == early


def test_a_place_that_cannot_be_written_to_is_named() -> None:
    with pytest.raises(BackupError, match="Can't write to /proc/backups"):
        BackupFolder(Path("/proc/backups")).create(PASSPHRASE)


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"format": 2}', b"\xff"])
def test_what_is_no_key_file_is_damage(content: bytes) -> None:
    with pytest.raises(Damaged):
        open_key_file(content, PASSPHRASE)


def test_a_key_file_cannot_ask_for_more_memory_than_there_is() -> None:
    greedy = new_key_file(PASSPHRASE).replace(b'"n": 2', b'"n": 1073741824')
    with pytest.raises(Damaged, match="format"):
        open_key_file(greedy, PASSPHRASE)


async def test_a_stored_blob_that_is_not_what_was_uploaded_is_not_backed_up(tmp_path: Path) -> None:
    store = BlobStore(tmp_path, b"k" * 32)
    with pytest.raises(BackupError, match="isn't what was uploaded"):
        await store.copy_in(OneBlob(b"rotten"), ListedBlob(OLD, 6, "00" * 32))
    with pytest.raises(BackupError, match="is missing"):
        await store.copy_in(OneBlob(None), ListedBlob(OLD, 6, "00" * 32))
    assert not blobs_in(tmp_path.parent)


@pytest.mark.parametrize(
    "content",
    [
        b"no json\n",
        b'{"key": "aaaa", "size": 1, "sha256": "00"}',
        b'{"key": "../../etc", "size": 1, "sha256": "00"}\n',
        b'{"key": "aaaa", "size": 1}\n',
        b"\xff\n",
    ],
)
def test_what_is_no_list_of_files_is_damage(content: bytes) -> None:
    with pytest.raises(Damaged):
        list(read_list([content]))


def test_a_short_passphrase_is_a_mistake() -> None:
    env = Env({"BACKUP_PASSPHRASE": "short"})
    VaultSettings.from_env(env)
    with pytest.raises(SettingsError, match="at least 16"):
        env.check()
