"""Removes old backups, and the blobs that no backup names any more."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from deploy.backup.folder import BackupFolder
from deploy.backup.opened import open_backup
from shared.settings import Secret


@dataclass(frozen=True, slots=True)
class Pruned:
    backups: int
    files: int
    bytes: int


def prune(root: Path, keep: int, passphrase: Secret) -> Pruned:
    """Keep the newest `keep` backups. Raises BackupError, before anything is removed, where one of those can't be read:
    nobody knows then which blobs it needs.
    """
    folder = BackupFolder(root)
    with folder.held():
        backups = folder.backups()
        old, kept = backups[:-keep], backups[-keep:]
        needed = {blob.key for path in kept for blob in open_backup(path, passphrase).blobs()}
        for path in old:
            folder.remove(path)
        files = size = 0
        for path in _blobs(folder.blobs) if backups else ():
            if path.name not in needed:
                files, size = files + 1, size + path.stat().st_size
                path.unlink()
    return Pruned(len(old), files, size)


def _blobs(folder: Path) -> Iterator[Path]:
    for shard in sorted(folder.iterdir()):
        yield from shard.iterdir()
