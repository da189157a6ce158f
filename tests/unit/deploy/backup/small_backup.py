"""A whole backup in a folder, made without a database: what the dump holds means nothing here."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from deploy.backup import making, secret_files
from deploy.backup.blobs import BlobStore, ListedBlob, line_of
from deploy.backup.folder import BackupFolder, new_backup_id
from deploy.backup.manifest import BLOBS, DATABASE, KEY, SECRETS
from deploy.backup.passphrase import open_key_file
from deploy.backup.sealed import sealed_file
from deploy.backup.signing import new_private_key
from deploy.backup.snapshot import Facts
from deploy.local.state import write_atomically
from deploy.roles import SCHEMAS
from shared.settings import Secret
from tests.unit.deploy.backup.one_blob import OneBlob

PASSPHRASE = Secret("six words that nobody would guess")
PEM = new_private_key()


@dataclass
class SmallBackup:
    path: Path
    root: Path


async def make_small_backup(root: Path, contents: dict[str, bytes], dump: bytes = b"dump" * 1000) -> SmallBackup:
    """`contents` are the files' bytes by storage key."""
    folder = BackupFolder(root)
    folder.create(PASSPHRASE)
    key = open_key_file(folder.key_file.read_bytes(), PASSPHRASE)
    backup_id = new_backup_id(datetime.now(UTC))
    work = making._Work(backup_id, folder.begin(backup_id), key)
    store = BlobStore(folder.blobs, key)
    blobs = [ListedBlob(name, len(content), sha256(content).hexdigest()) for name, content in contents.items()]
    for blob in blobs:
        if not store.has(blob):
            await store.copy_in(OneBlob(contents[blob.key]), blob)
    work.files, work.file_bytes = len(blobs), sum(blob.size for blob in blobs)
    lines = b"".join(line_of(blob) for blob in blobs)
    roles = {f"{schema}_{role}": b"guessed" for schema in SCHEMAS.values() for role in ("owner", "runtime")}
    kept = secret_files.encode({secret_files.SIGNING_KEY: PEM, "password_pepper": secrets.token_bytes(32), **roles})
    for name, content in ((DATABASE, dump), (BLOBS, lines), (SECRETS, kept)):
        with sealed_file(work.folder / name, key, work.label(name)) as writer:
            writer.write(content)
    write_atomically(work.folder / KEY, folder.key_file.read_bytes())
    facts = Facts(datetime.now(UTC), "18.6", {"auth": 1, "users": 1, "files": 1}, {"auth.account": 0})
    making._sign(work, facts, PEM)
    return SmallBackup(folder.complete(work.folder), root)
