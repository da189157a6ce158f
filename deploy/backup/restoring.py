"""Restores a backup into an empty installation whose programs don't run: secrets, files, and the database last.

A restore that is broken off leaves a marker among the secrets, with which nothing starts, and no database; the same
restore, run again, finishes what was begun.
"""

import asyncio
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path

from deploy.backup import secret_files
from deploy.backup.blobs import ListedBlob
from deploy.backup.copying import for_each
from deploy.backup.database import check_empty, restore_database
from deploy.backup.errors import BackupError
from deploy.backup.installation import Installation, keys_in
from deploy.backup.opened import OpenBackup
from deploy.roles import SCHEMAS
from file_service.storage.contract import Storage
from shared.migrate import expected_version

_ROOT = Path(__file__).resolve().parents[2]


def check_restorable(backup: OpenBackup) -> dict[str, bytes]:
    """Return the secrets of a backup that can be restored by this program. Raises BackupError, or Damaged."""
    for service, schema in SCHEMAS.items():
        version, ours = backup.manifest.schemas.get(schema, 0), expected_version(_ROOT / service / "migrations")
        if version > ours:
            raise BackupError(
                f"The backup is of a newer release: its schema {schema} has version {version}, and ours is {ours}."
            )
    backup.check_pieces()
    if missing := next((blob for blob in backup.blobs() if not backup.store.has(blob)), None):
        raise BackupError(f"The backup isn't whole: {backup.store.path(missing.key)} is missing or cut off.")
    return backup.secrets()


async def restore(backup: OpenBackup, installation: Installation, *, keep: bool) -> None:
    """Restore all of it, with the database's server at hand. Raises BackupError.

    With `keep`, sessions, API keys and access tokens stay valid.
    """
    secrets = check_restorable(backup)
    await check_empty(installation.server)
    await check_files(backup, installation)
    secret_files.begin(installation.secrets, backup.manifest.backup_id, secrets)
    await fill(backup, installation, secrets, keep=keep)


async def check_files(backup: OpenBackup, installation: Installation) -> None:
    """Raises BackupError where files lie already, but for those that a restore put there that was broken off."""
    ours = {blob.key for blob in backup.blobs()} if secret_files.is_begun(installation.secrets) else set()
    async with installation.open_storage() as storage:
        others = await keys_in(storage) - ours
    if others:
        raise BackupError(f"Other files, {min(others)} among them, lie where those of the backup should.")


async def fill(backup: OpenBackup, installation: Installation, secrets: dict[str, bytes], *, keep: bool) -> None:
    """Do what is left to do once the place is marked."""
    secret_files.write(installation.secrets, secrets)
    await _restore_files(backup, installation)
    await restore_database(backup, installation.server, secrets, keep=keep)
    secret_files.finish(installation.secrets)


async def _restore_files(backup: OpenBackup, installation: Installation) -> None:
    async with installation.open_storage() as storage:
        begun = await keys_in(storage)

        async def place(blob: ListedBlob) -> None:
            if blob.key in begun:
                if await _is_whole(storage, blob):
                    return
                await storage.delete(blob.key)
            await storage.write(blob.key, _chunks(backup, blob))

        await for_each(backup.blobs(), place)


async def _is_whole(storage: Storage, blob: ListedBlob) -> bool:
    """Tell whether a restore that was broken off has written all of it."""
    digest = sha256()
    async with storage.open(blob.key) as found:
        async for chunk in found.read(0, found.size):
            digest.update(chunk)
        return (found.size, digest.hexdigest()) == (blob.size, blob.sha256)


async def _chunks(backup: OpenBackup, blob: ListedBlob) -> AsyncIterator[bytes]:
    chunks = backup.store.read(blob)
    while (chunk := await asyncio.to_thread(next, chunks, None)) is not None:
        yield chunk
