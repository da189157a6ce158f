"""The four commands as a person or a timer has them: one line when all is well, a reason on standard error otherwise.

Exit statuses: 0 done, 1 it couldn't be done, 2 settings are wrong, 3 the backup is damaged, 130 it was told to stop.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from deploy.backup.errors import BackupError, Damaged, shortened
from deploy.backup.folder import BackupFolder, find_backup
from deploy.backup.installation import Installation
from deploy.backup.making import Made, make_backup
from deploy.backup.metrics import exposition
from deploy.backup.opened import OpenBackup, open_backup
from deploy.backup.pruning import prune
from deploy.backup.restoring import Options
from deploy.backup.settings import VaultSettings
from deploy.backup.verifying import verify
from deploy.local.errors import LaunchError
from deploy.local.state import write_atomically

FAILED, DAMAGED, STOPPED = 1, 3, 130
_KEEP, _SKIP = "--keep-sessions", "--skip-damaged"
_UNITS = ("bytes", "kB", "MB", "GB", "TB")
_THOUSAND = 1000


def reported(work: Callable[[], None]) -> int:
    """Do it, and return the exit status. A signal to stop ends it as a failure does: nothing half made is left."""
    os.umask(0o077)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        work()
    except Damaged as exc:
        return _failed(str(exc), DAMAGED)
    except (BackupError, LaunchError) as exc:
        return _failed(str(exc), FAILED)
    except KeyboardInterrupt:
        return _failed("it was told to stop before it was done", STOPPED)
    return 0


def _failed(why: str, status: int) -> int:
    print(f"colonnade: {why}", file=sys.stderr)
    return status


def back_up(installation: Installation, to: Path, vault: VaultSettings) -> Made:
    made = asyncio.run(make_backup(installation, to, vault.passphrase))
    manifest = made.manifest
    print(
        f"Backup {made.path}: {sum(manifest.tables.values())} rows, {manifest.files} files of "
        f"{amount(manifest.file_bytes)} ({made.new_files} of them new, {amount(made.new_bytes)}), "
        f"{made.seconds:.1f} s. Signed by {manifest.signed_by}"
    )
    if made.damaged:
        raise Damaged("The backup lacks what the installation has lost:\n" + shortened(made.damaged))
    write_atomically(BackupFolder(to).metrics, exposition(made), 0o644)
    return made


def opened(path: Path, vault: VaultSettings, known_key: str) -> OpenBackup:
    """Open the backup that is meant; `known_key` is what an installation here signs with, if there is one."""
    return open_backup(find_backup(path), vault.passphrase, vault.public_key or known_key)


def check(path: Path, vault: VaultSettings, known_key: str, environ: Mapping[str, str]) -> None:
    backup = opened(path, vault, known_key)
    verified = verify(backup, environ)
    print(
        f"Backup {backup.folder} of {backup.manifest.made_at} is whole: signed by {backup.manifest.signed_by}, "
        f"{verified.rows} rows restored into a database for the moment, {verified.files} files read."
    )


def forget(root: Path, keep: int, vault: VaultSettings) -> None:
    pruned = prune(root, keep, vault.passphrase)
    backups, files = counted(pruned.backups, "backup"), counted(pruned.files, "file")
    whose = "it" if pruned.backups == 1 else "they"
    print(f"Removed {backups} and {files} that only {whose} had, {amount(pruned.bytes)}.")


def read_options(words: Sequence[str]) -> Options:
    """Raises BackupError for what is no option of a restore."""
    if unknown := set(words) - {_KEEP, _SKIP}:
        raise BackupError(f"{min(unknown)} is no option of a restore: {_KEEP} and {_SKIP} are.")
    return Options(keep_sessions=_KEEP in words, skip_damaged=_SKIP in words)


def restored(backup: OpenBackup, options: Options, damaged: Sequence[str]) -> None:
    """Tell what was restored. Raises Damaged where some files couldn't be."""
    manifest = backup.manifest
    rest = "Sessions and API keys are still good." if options.keep_sessions else "All sessions and API keys have ended."
    rows, files = sum(manifest.tables.values()), manifest.files - len(damaged)
    print(f"Restored {backup.folder} of {manifest.made_at}: {rows} rows, {files} files. {rest}")
    if damaged:
        raise Damaged("Without what the backup hasn't got whole:\n" + shortened(damaged))


def read_keep(text: str) -> int:
    """Return how many backups to keep. Raises BackupError."""
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise BackupError("How many backups are to be kept? A whole number, at least 1.")
    return int(text)


def counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def amount(size: float) -> str:
    for unit in _UNITS:
        if size < _THOUSAND or unit == _UNITS[-1]:
            break
        size /= _THOUSAND
    return f"{size:.0f} {unit}" if unit == _UNITS[0] else f"{size:.1f} {unit}"
