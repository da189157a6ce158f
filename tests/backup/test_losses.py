"""A file whose bytes are lost, in the installation or in the backup, takes nothing else along."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.backup.folder import BackupFolder
from tests.e2e.backup_drill import backups, visiting
from tests.e2e.stack import Stack, running_stack
from tests.e2e.visitor import Visitor


@pytest.fixture
def lost(source: Stack, contents: dict[str, str]) -> Iterator[Path]:
    """A blob of the installation that isn't there during the test."""
    path = min(source.state.glob("files/blobs/*/*"), key=lambda path: path.stat().st_size)
    content = path.read_bytes()
    path.unlink()
    yield path
    path.write_bytes(content)


def test_what_the_installation_has_lost_is_told_and_all_else_is_backed_up(
    source: Stack, lost: Path, folder: Path
) -> None:
    done = backups("backup", source.state, str(folder / "to"))
    assert (done.returncode, lost.name in done.stderr) == (3, True)
    assert len(BackupFolder(folder / "to").backups()) == 1
    assert not (folder / "to" / "backup.prom").exists()
    checked = backups("verify-backup", source.state, str(folder / "to"))
    assert (checked.returncode, f"{lost.name} is missing" in checked.stderr) == (3, True)


async def test_a_damaged_backup_restores_all_the_rest_where_that_is_asked_for(
    source: Stack, owner: Visitor, contents: dict[str, str], folder: Path
) -> None:
    assert backups("backup", source.state, str(folder / "to")).returncode == 0
    missing, rotten, *_ = sorted((folder / "to").glob("blobs/*/*"), key=lambda path: path.stat().st_size)
    missing.unlink()
    content = bytearray(rotten.read_bytes())
    content[-1] ^= 1
    rotten.write_bytes(content)
    refused = backups("restore", folder / "restored", str(folder / "to"))
    assert (refused.returncode, str(missing) in refused.stderr) == (3, True)
    assert not (folder / "restored" / "secrets").exists()
    done = backups("restore", folder / "restored", str(folder / "to"), "--skip-damaged")
    assert (done.returncode, missing.name in done.stderr, rotten.name in done.stderr) == (3, True, True)
    with running_stack(folder / "restored") as stack:
        async with visiting(owner, stack) as visitor:
            answers = [await visitor.call("GET", f"/v1/files/{file_id}/content") for file_id in contents]
    digests = {hashlib.sha256(answer.body).hexdigest() for answer in answers if answer.status == 200}
    assert len(digests & set(contents.values())) == len(contents) - 2
