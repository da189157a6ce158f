"""The installation's secrets: every file of one folder, as one encrypted piece of a backup.

A folder in which a restore has begun holds the file `.restoring`, with the backup's name, until the restore is done.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from pathlib import Path

from deploy.backup.errors import BackupError, Damaged
from deploy.backup.signing import new_private_key, public_key
from deploy.local.state import make_folder, once, sync_folder, write_atomically
from deploy.originals import RESTORING

SIGNING_KEY, PUBLIC_KEY = "backup.pem", "backup.pub"
_MOST = 1_000_000  # bytes of one


def signing_key(folder: Path) -> bytes:
    """Return the private key that signs backups, made on first use. Raises BackupError where it can't be."""
    try:
        pem = once(folder / SIGNING_KEY, new_private_key)
        once(folder / PUBLIC_KEY, lambda: public_key(pem).encode() + b"\n")
    except OSError as exc:
        raise BackupError(f"Can't make {folder / SIGNING_KEY}, which signs backups: {exc.strerror or exc}.") from exc
    return pem


def known_public_key(folder: Path) -> str:
    """Return the key that this installation's backups are signed with; empty where there is none."""
    path = folder / PUBLIC_KEY
    return path.read_text(encoding="ascii").strip() if path.is_file() else ""


def collect(folder: Path) -> dict[str, bytes]:
    """Return all of them by name. Raises BackupError."""
    try:
        found = {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if _is_secret(path)}
    except OSError as exc:
        raise BackupError(f"Can't read the secrets in {folder}: {exc.strerror or exc}.") from exc
    if large := [name for name, content in found.items() if len(content) > _MOST]:
        raise BackupError(f"{folder / large[0]} is no secret: it is larger than {_MOST} bytes.")
    return found


def _is_secret(path: Path) -> bool:
    return not path.name.startswith(".") and path.is_file()


def encode(found: Mapping[str, bytes]) -> bytes:
    return json.dumps({name: b64encode(content).decode() for name, content in found.items()}).encode()


def decode(content: bytes) -> dict[str, bytes]:
    """Raises Damaged."""
    try:
        found = {str(name): b64decode(text) for name, text in json.loads(content).items()}
    except (ValueError, AttributeError, TypeError) as exc:
        raise Damaged(f"The secrets can't be read: {exc}.") from exc
    if any("/" in name or name.startswith(".") for name in found):
        raise Damaged("The secrets have a name that none has.")
    return found


def is_begun(folder: Path) -> bool:
    """Tell whether a restore is at work here, or was broken off."""
    return (folder / RESTORING).is_file()


def begin(folder: Path, backup_id: str, found: Mapping[str, bytes]) -> None:
    """Mark the folder as one in which a restore is at work.

    Raises BackupError where other secrets lie there, or what another restore left.
    """
    make_folder(folder, 0o700)
    marker = folder / RESTORING
    if is_begun(folder):
        if (half := marker.read_text(encoding="utf-8").strip()) != backup_id:
            raise BackupError(f"A restore of {half} was broken off in {folder}: finish that one, or clear the place.")
    elif (there := collect(folder)) and there != dict(found):
        raise BackupError(
            f"{folder} holds other secrets than the backup: restore into an empty installation, or move it away."
        )
    write_atomically(marker, backup_id.encode())


def write(folder: Path, found: Mapping[str, bytes]) -> None:
    for name, content in found.items():
        write_atomically(folder / name, content)


def finish(folder: Path) -> None:
    (folder / RESTORING).unlink(missing_ok=True)
    sync_folder(folder)
