"""What commands say to a person: what helps, and in right English."""

from pathlib import Path

import pytest

from deploy.backup.commands import forget
from deploy.backup.errors import Damaged
from deploy.backup.opened import open_backup
from deploy.backup.settings import VaultSettings
from deploy.backup.verifying import check_files
from tests.unit.deploy.backup.small_backup import PASSPHRASE, SmallBackup, make_small_backup

FIRST, SECOND = "a" * 32, "b" * 32


async def complaint(backup: SmallBackup) -> str:
    """Return what is said of the backup's files."""
    with pytest.raises(Damaged) as damaged:
        await check_files(open_backup(backup.path, PASSPHRASE))
    return str(damaged.value)


@pytest.mark.parametrize("loss", ["missing", "cut off"])
async def test_who_lacks_a_file_is_not_told_to_remove_it(tmp_path: Path, loss: str) -> None:
    backup = await make_small_backup(tmp_path, {FIRST: b"first", SECOND: b"second"})
    lost = tmp_path / "blobs" / FIRST[:2] / FIRST
    if loss == "missing":
        lost.unlink()
    else:
        lost.write_bytes(lost.read_bytes()[:-1])
    told = await complaint(backup)
    assert (str(lost) in told, "Remove" in told) == (True, False)
    assert "The next backup into this folder copies them again" in told
    assert "SKIP_DAMAGED=1" in told
    await make_small_backup(tmp_path, {FIRST: b"first", SECOND: b"second"})
    await check_files(open_backup(backup.path, PASSPHRASE))


async def test_who_has_a_rotten_file_is_told_to_remove_it(tmp_path: Path) -> None:
    backup = await make_small_backup(tmp_path, {FIRST: b"first", SECOND: b"second"})
    rotten = tmp_path / "blobs" / FIRST[:2] / FIRST
    content = rotten.read_bytes()
    rotten.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    (tmp_path / "blobs" / SECOND[:2] / SECOND).unlink()
    told = await complaint(backup)
    assert "Remove the files that are damaged" in told
    assert "SKIP_DAMAGED=1" in told


async def test_what_was_removed_is_counted_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    vault = VaultSettings(PASSPHRASE, "")
    for contents in ({FIRST: b"first"}, {SECOND: b"second"}, {SECOND: b"second"}, {SECOND: b"second"}):
        await make_small_backup(tmp_path, contents)
    forget(tmp_path, 3, vault)
    assert "Removed 1 backup and 1 file that only it had" in capsys.readouterr().out
    forget(tmp_path, 1, vault)
    assert "Removed 2 backups and 0 files that only they had" in capsys.readouterr().out
