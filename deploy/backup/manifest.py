"""What a backup consists of. Whoever believes the signature can check all the rest against this."""

from hashlib import file_digest
from pathlib import Path

import msgspec

from deploy.backup.errors import Damaged

MANIFEST, SIGNATURE = "manifest.json", "manifest.sig"
KEY, DATABASE, BLOBS, SECRETS = "key.json", "database.sealed", "blobs.sealed", "secrets.sealed"
PIECES = (KEY, DATABASE, BLOBS, SECRETS)


class Piece(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file of the backup's own folder, as it lies there."""

    name: str
    size: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`made_at` is the moment that the backup shows. `schemas` are versions, `tables` numbers of rows.

    `files` and `file_bytes` are of the blobs that the database names; they lie in the folder that backups share.
    """

    format: int
    backup_id: str
    made_at: str
    program_version: str
    postgresql: str
    schemas: dict[str, int]
    tables: dict[str, int]
    files: int
    file_bytes: int
    pieces: list[Piece]
    signed_by: str


def encode(manifest: Manifest) -> bytes:
    return msgspec.json.format(msgspec.json.encode(manifest), indent=2)


def decode(content: bytes) -> Manifest:
    """Raises Damaged."""
    try:
        manifest = msgspec.json.decode(content, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise Damaged(f"{MANIFEST} can't be read: {exc}.") from exc
    if manifest.format != 1:
        raise Damaged(f"{MANIFEST} is of format {manifest.format}, and this program knows 1: take a newer release.")
    if sorted(piece.name for piece in manifest.pieces) != sorted(PIECES):
        raise Damaged(f"{MANIFEST} doesn't name the pieces that a backup has.")
    return manifest


def piece_of(path: Path) -> Piece:
    with path.open("rb") as file:
        return Piece(path.name, path.stat().st_size, file_digest(file, "sha256").hexdigest())


def check_piece(folder: Path, piece: Piece) -> None:
    """Raises Damaged unless the file is there as the manifest has it."""
    try:
        found = piece_of(folder / piece.name)
    except FileNotFoundError:
        raise Damaged(f"{folder / piece.name} is missing.") from None
    if found != piece:
        raise Damaged(f"{folder / piece.name} was changed: its size or SHA-256 isn't that of the manifest.")
