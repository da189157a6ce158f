"""A backup whose signature is right and whose key is open: what lies in it, and whether each byte is as it was made."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from deploy.backup import manifest as manifests
from deploy.backup import secret_files
from deploy.backup.blobs import BlobStore, ListedBlob, read_list
from deploy.backup.errors import Damaged
from deploy.backup.manifest import BLOBS, DATABASE, KEY, MANIFEST, SECRETS, SIGNATURE, Manifest
from deploy.backup.passphrase import open_key_file
from deploy.backup.sealed import unsealed
from deploy.backup.signing import check_signature, public_key
from shared.settings import Secret


@dataclass(frozen=True, slots=True)
class OpenBackup:
    """`store` is where the blobs lie, which the backup shares with others."""

    folder: Path
    manifest: Manifest
    key: bytes
    store: BlobStore

    def check_pieces(self) -> None:
        """Raises Damaged unless each piece is as the manifest has it."""
        for piece in self.manifest.pieces:
            manifests.check_piece(self.folder, piece)

    def database(self) -> Iterator[bytes]:
        """Yield the dump."""
        return self._piece(DATABASE)

    def blobs(self) -> Iterator[ListedBlob]:
        """Yield what the database names, in the order of the keys. Raises Damaged unless the list is whole."""
        files = size = 0
        for blob in read_list(self._piece(BLOBS)):
            files, size = files + 1, size + blob.size
            yield blob
        if (files, size) != (self.manifest.files, self.manifest.file_bytes):
            raise Damaged("The list of files isn't as long as the manifest says.")

    def secrets(self) -> dict[str, bytes]:
        """Raises Damaged unless the key that signs the installation's backups is among them, and is the one."""
        found = secret_files.decode(b"".join(self._piece(SECRETS)))
        pem = found.get(secret_files.SIGNING_KEY)
        if pem is None or public_key(pem) != self.manifest.signed_by:
            raise Damaged("The manifest is signed by another key than the installation's own.")
        return found

    def _piece(self, name: str) -> Iterator[bytes]:
        return unsealed(self.folder / name, self.key, label_of(self.manifest.backup_id, name))


def label_of(backup_id: str, piece: str) -> str:
    return f"{backup_id} {piece}"


def open_backup(folder: Path, passphrase: Secret, signer: str = "") -> OpenBackup:
    """Check the signature, which has to be by `signer` where that is known, and open the key.

    Raises Damaged, or BackupError where the passphrase is another.
    """
    try:
        content, signature = (folder / MANIFEST).read_bytes(), (folder / SIGNATURE).read_bytes()
        key_file = (folder / KEY).read_bytes()
    except FileNotFoundError as exc:
        raise Damaged(f"{exc.filename} is missing.") from None
    manifest = manifests.decode(content)
    check_signature(signer or manifest.signed_by, content, signature)
    if signer and manifest.signed_by != signer:
        raise Damaged(f"The manifest says that it is signed by {manifest.signed_by}, and {signer} signed it.")
    manifests.check_piece(folder, next(piece for piece in manifest.pieces if piece.name == KEY))
    key = open_key_file(key_file, passphrase)
    return OpenBackup(folder, manifest, key, BlobStore(folder.parent / "blobs", key))
