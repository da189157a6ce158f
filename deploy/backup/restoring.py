"""Restores a backup into an empty installation whose programs don't run: secrets, files, and the database last.

A restore that is broken off leaves a marker among the secrets, with which nothing starts, and no database; the same
restore, run again, finishes what was begun.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from deploy.backup import secret_files
from deploy.backup.blobs import ListedBlob
from deploy.backup.copying import for_each
from deploy.backup.database import check_empty, restore_database
from deploy.backup.errors import BackupError, Damaged, shortened
from deploy.backup.installation import Installation, keys_in
from deploy.backup.opened import OpenBackup
from deploy.roles import SCHEMAS
from file_service.storage.contract import Storage
from shared.migration_files import expected_version

_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Options:
    """With `keep_sessions`, API keys and access tokens stay valid, too. `skip_damaged` restores what is left."""

    keep_sessions: bool = False
    skip_damaged: bool = False


def check_restorable(backup: OpenBackup, options: Options) -> dict[str, bytes]:
    """Return the secrets of a backup that can be restored by this program. Raises BackupError, or Damaged."""
    for service, schema in SCHEMAS.items():
        version, ours = backup.manifest.schemas.get(schema, 0), expected_version(_ROOT / service / "migrations")
        if version > ours:
            raise BackupError(
                f"The backup is of a newer release: its schema {schema} has version {version}, and ours is {ours}."
            )
    backup.check_pieces()
    lacking = [str(backup.store.path(blob.key)) for blob in backup.blobs() if not backup.store.has(blob)]
    if lacking and not options.skip_damaged:
        advice = "\n--skip-damaged (SKIP_DAMAGED=1) restores all the rest."
        raise Damaged(f"The backup isn't whole. Missing, or cut off:\n{shortened(lacking)}{advice}")
    return backup.secrets()


async def restore(backup: OpenBackup, installation: Installation, options: Options) -> list[str]:
    """Restore all of it, with the database's server at hand. Return what of it is damaged. Raises BackupError."""
    secrets = check_restorable(backup, options)
    await check_empty(installation.server)
    await check_files(backup, installation)
    secret_files.begin(installation.secrets, backup.manifest.backup_id, secrets)
    return await fill(backup, installation, secrets, options)


def restore_secrets(backup: OpenBackup, folder: Path) -> int:
    """Restore them alone, into an empty folder; return how many there are. Raises BackupError."""
    backup.check_pieces()
    secrets = backup.secrets()
    secret_files.begin(folder, backup.manifest.backup_id, secrets)
    secret_files.write(folder, secrets)
    secret_files.finish(folder)
    return len(secrets)


async def check_files(backup: OpenBackup, installation: Installation) -> None:
    """Raises BackupError where files lie already, but for those that a restore put there that was broken off."""
    ours = {blob.key for blob in backup.blobs()} if secret_files.is_begun(installation.secrets) else set()
    async with installation.open_storage() as storage:
        others = await keys_in(storage) - ours
    if others:
        raise BackupError(f"Other files, {min(others)} among them, lie where those of the backup should.")


async def fill(
    backup: OpenBackup, installation: Installation, secrets: dict[str, bytes], options: Options
) -> list[str]:
    """Do what is left to do once the place is marked; return what is damaged."""
    secret_files.write(installation.secrets, secrets)
    damaged = await _restore_files(backup, installation)
    if damaged and not options.skip_damaged:
        raise Damaged(f"{shortened(damaged)}\nRun it again with --skip-damaged (SKIP_DAMAGED=1) to go on without.")
    await restore_database(backup, installation.server, secrets, keep=options.keep_sessions)
    secret_files.finish(installation.secrets)
    return damaged


async def _restore_files(backup: OpenBackup, installation: Installation) -> list[str]:
    damaged: list[str] = []
    async with installation.open_storage() as storage:
        begun = await keys_in(storage)

        async def place(blob: ListedBlob) -> None:
            if blob.key in begun:
                if await _is_whole(storage, blob):
                    return
                await storage.delete(blob.key)
            try:
                await storage.write(blob.key, _chunks(backup, blob))
            except Damaged as exc:
                damaged.append(str(exc))

        await for_each(backup.blobs(), place)
    return damaged


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
