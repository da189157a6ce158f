"""The folder in which backups lie:

key.json                          the key that all here is encrypted with, under the passphrase
blobs/3f/3f9c...                  files' bytes, each once however many backups name it
2026-11-25T17-40-12-345Z-9f3a/    a backup: manifest.json, manifest.sig and the pieces that it names
.unfinished-...                   one that is being made, or was broken off; the next one removes it
lock                              held by whoever writes here
backup.prom                       when the last one was made, for Prometheus' textfile collector
"""

import fcntl
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from deploy.backup.errors import BackupError
from deploy.backup.manifest import MANIFEST, SIGNATURE
from deploy.backup.passphrase import new_key_file
from deploy.local.state import make_folder, once, sync_folder
from shared.settings import Secret

_NAME = re.compile(r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-\d{3}Z-[0-9a-f]{4}")
_STAMP = len("2026-11-25T17-40-12")
_UNFINISHED = ".unfinished-"


def new_backup_id(at: datetime) -> str:
    """Name a backup so that names sort by time."""
    return f"{at:%Y-%m-%dT%H-%M-%S}-{at.microsecond // 1000:03}Z-{secrets.token_hex(2)}"


def made_at(backup: Path) -> datetime:
    """Return when a backup was begun, by its name."""
    return datetime.strptime(backup.name[:_STAMP], "%Y-%m-%dT%H-%M-%S").replace(tzinfo=UTC)


class BackupFolder:
    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self.key_file = self.root / "key.json"
        self.blobs = self.root / "blobs"
        self.metrics = self.root / "backup.prom"

    def create(self, passphrase: Secret) -> None:
        """Make what is missing. Raises BackupError where the place can't be written to."""
        try:
            make_folder(self.root, 0o700)
            make_folder(self.blobs, 0o700)
            sync_folder(self.root.parent)
            if not self.key_file.exists():
                once(self.key_file, lambda: new_key_file(passphrase))
        except OSError as exc:
            raise BackupError(f"Can't write to {self.root}: {exc.strerror or exc}.") from exc

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep other writers out. Raises BackupError where there is one."""
        handle = os.open(self.root / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            _lock(handle, self.root)
            yield
        finally:
            os.close(handle)

    def backups(self) -> list[Path]:
        """Return the complete ones, oldest first."""
        if not self.root.is_dir():
            return []
        return sorted(
            path for path in self.root.iterdir() if _NAME.fullmatch(path.name) and (path / MANIFEST).is_file()
        )

    def begin(self, backup_id: str) -> Path:
        """Return the folder in which a backup is made, and remove what others left unfinished."""
        for left in [*self.root.glob(f"{_UNFINISHED}*"), *self.blobs.glob("*/.*")]:
            shutil.rmtree(left) if left.is_dir() else left.unlink()
        folder = self.root / f"{_UNFINISHED}{backup_id}"
        make_folder(folder, 0o700)
        return folder

    def complete(self, unfinished: Path) -> Path:
        """Give the backup its name, from which moment on it counts, whatever happens to the machine."""
        done = self.root / unfinished.name.removeprefix(_UNFINISHED)
        sync_folder(unfinished)
        unfinished.rename(done)
        sync_folder(self.root)
        return done

    def remove(self, backup: Path) -> None:
        """Remove a backup, so that it counts no more from the first moment on."""
        backup.rename(aside := self.root / f"{_UNFINISHED}{backup.name}")
        sync_folder(self.root)
        shutil.rmtree(aside)


def find_backup(path: Path) -> Path:
    """Return the backup that is meant: this one, or the newest in a folder of backups. Raises BackupError."""
    if (path / MANIFEST).is_file() or (path / SIGNATURE).is_file():
        return path.absolute()
    if found := BackupFolder(path).backups():
        return found[-1]
    raise BackupError(f"There is no complete backup in {path}.")


def _lock(handle: int, root: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise BackupError(f"Another backup or pruning is at work in {root}: wait for its end.") from None
