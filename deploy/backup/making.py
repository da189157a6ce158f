"""Makes a backup of a running installation, without stopping it.

First deletions from storage are held up, then one snapshot of the database is dumped, then the blobs that this snapshot
names are copied, as far as earlier backups haven't. What was acknowledged before the snapshot is in the backup.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from deploy.backup import manifest as manifests
from deploy.backup import secret_files
from deploy.backup.blobs import BlobStore, ListedBlob, line_of, read_list
from deploy.backup.copying import for_each
from deploy.backup.dump import dump
from deploy.backup.errors import BackupError, BlobDamaged
from deploy.backup.folder import BackupFolder, new_backup_id
from deploy.backup.hold import held
from deploy.backup.installation import Installation
from deploy.backup.manifest import BLOBS, DATABASE, KEY, MANIFEST, SECRETS, SIGNATURE, Manifest
from deploy.backup.opened import label_of
from deploy.backup.passphrase import open_key_file
from deploy.backup.sealed import sealed_file, unsealed
from deploy.backup.signing import public_key, sign
from deploy.backup.snapshot import Facts, open_snapshot
from deploy.local.state import write_atomically
from file_service.storage.contract import Storage
from shared import VERSION
from shared.settings import Secret


@dataclass(frozen=True, slots=True)
class Made:
    """What became of it: how many of the files were new, and how long it took in seconds.

    `damaged` says which blobs the installation itself doesn't have any more: all but those is in the backup.
    """

    path: Path
    manifest: Manifest
    new_files: int
    new_bytes: int
    seconds: float
    damaged: tuple[str, ...]


@dataclass(slots=True)
class _Work:
    """A backup under way, in its unfinished `folder`."""

    backup_id: str
    folder: Path
    key: bytes
    files: int = 0
    file_bytes: int = 0
    new_files: int = 0
    new_bytes: int = 0
    damaged: list[str] = field(default_factory=list)

    def label(self, piece: str) -> str:
        return label_of(self.backup_id, piece)


async def make_backup(installation: Installation, to: Path, passphrase: Secret) -> Made:
    """Raises BackupError; then what was begun doesn't count, and the next backup removes it."""
    if secret_files.is_begun(installation.secrets):
        raise BackupError(f"A restore was broken off in {installation.secrets}: there is nothing whole to back up.")
    started = time.monotonic()
    folder = BackupFolder(to)
    folder.create(passphrase)
    with folder.held():
        key = open_key_file(folder.key_file.read_bytes(), passphrase)
        pem = secret_files.signing_key(installation.secrets)
        backup_id = new_backup_id(datetime.now(UTC))
        work = _Work(backup_id, folder.begin(backup_id), key)
        try:
            facts = await _gather(installation, work, BlobStore(folder.blobs, key))
            write_atomically(work.folder / KEY, folder.key_file.read_bytes())
            manifest = _sign(work, facts, pem)
            done = folder.complete(work.folder)
        except OSError as exc:
            raise BackupError(f"Can't write to {folder.root}: {exc.strerror or exc}.") from exc
    seconds = time.monotonic() - started
    return Made(done, manifest, work.new_files, work.new_bytes, seconds, tuple(work.damaged))


async def _gather(installation: Installation, work: _Work, store: BlobStore) -> Facts:
    secrets = secret_files.collect(installation.secrets)
    async with held(installation.server, f"backup {work.backup_id}") as hold:
        facts = await _dump(installation, work)
        async with installation.open_storage() as storage:
            chunks = unsealed(work.folder / BLOBS, work.key, work.label(BLOBS))
            await for_each(read_list(chunks), _copier(work, store, storage))
        await asyncio.to_thread(store.sync)
        await hold.renew()
    if secret_files.collect(installation.secrets) != secrets:
        raise BackupError("The secrets were changed meanwhile: run it again.")
    with sealed_file(work.folder / SECRETS, work.key, work.label(SECRETS)) as writer:
        writer.write(secret_files.encode(secrets))
    return facts


async def _dump(installation: Installation, work: _Work) -> Facts:
    async with open_snapshot(installation.server) as snapshot:
        facts = await snapshot.facts()
        with sealed_file(work.folder / DATABASE, work.key, work.label(DATABASE)) as writer:
            await dump(installation.server, snapshot.name, writer.write)
        with sealed_file(work.folder / BLOBS, work.key, work.label(BLOBS)) as writer:
            async for blob in snapshot.held_blobs():
                writer.write(line_of(blob))
                work.files += 1
                work.file_bytes += blob.size
    return facts


def _copier(work: _Work, store: BlobStore, storage: Storage) -> Callable[[ListedBlob], Awaitable[None]]:
    async def copy(blob: ListedBlob) -> None:
        if store.has(blob):
            return
        try:
            await store.copy_in(storage, blob)
        except BlobDamaged as exc:
            work.damaged.append(str(exc))
            return
        work.new_files += 1
        work.new_bytes += blob.size

    return copy


def _sign(work: _Work, facts: Facts, pem: bytes) -> Manifest:
    manifest = Manifest(
        format=1,
        backup_id=work.backup_id,
        made_at=facts.at.astimezone(UTC).isoformat(timespec="seconds"),
        program_version=VERSION,
        postgresql=facts.postgresql,
        schemas=facts.schemas,
        tables=facts.tables,
        files=work.files,
        file_bytes=work.file_bytes,
        pieces=[manifests.piece_of(work.folder / name) for name in manifests.PIECES],
        signed_by=public_key(pem),
    )
    content = manifests.encode(manifest)
    write_atomically(work.folder / SIGNATURE, sign(pem, content))
    write_atomically(work.folder / MANIFEST, content)
    return manifest
