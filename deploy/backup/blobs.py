"""The bytes of files in a folder of backups, each encrypted in a file of its own, which successive backups share.

A blob never changes, so one that lies here whole is good for every backup that names it. A backup lists its blobs as
lines of JSON.
"""

import asyncio
import re
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path

import msgspec

from deploy.backup.errors import BackupError, BlobDamaged, Damaged
from deploy.backup.sealed import sealed_file, sealed_size, unsealed
from deploy.local.state import sync_folder
from file_service.storage.contract import BlobMissing, Storage
from shared.errors import Unavailable

_KEY = re.compile(r"[0-9A-Za-z_-]{3,128}")


class ListedBlob(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """As `files.blob` has it; `sha256` in hexadecimal."""

    key: str
    size: int
    sha256: str


def line_of(blob: ListedBlob) -> bytes:
    return msgspec.json.encode(blob) + b"\n"


def read_list(chunks: Iterable[bytes]) -> Iterator[ListedBlob]:
    """Raises Damaged for what is no list."""
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield _read(line)
    if rest:
        raise Damaged("The list of files ends in the middle of a line.")


def _read(line: bytes) -> ListedBlob:
    try:
        blob = msgspec.json.decode(line, type=ListedBlob)
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise Damaged(f"The list of files can't be read: {exc}.") from exc
    if not _KEY.fullmatch(blob.key):
        raise Damaged(f"The list of files has a name that none has: {blob.key!r}.")
    return blob


class BlobStore:
    def __init__(self, folder: Path, key: bytes) -> None:
        self._folder = folder
        self._key = key
        self._touched: set[Path] = set()

    def path(self, key: str) -> Path:
        return self._folder / key[:2] / key

    def has(self, blob: ListedBlob) -> bool:
        """Tell whether it lies here; whether each byte is as it was is for `read` to find out."""
        try:
            return self.path(blob.key).stat().st_size == sealed_size(blob.size)
        except FileNotFoundError:
            return False

    async def copy_in(self, storage: Storage, blob: ListedBlob) -> None:
        """Copy it from the installation's storage, durably once `sync` is called.

        Raises BlobDamaged where it isn't there as the database has it, or BackupError where it can't be had now.
        """
        path = self.path(blob.key)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        digest, size = sha256(), 0
        try:
            with sealed_file(path, self._key, _label(blob.key)) as writer:
                async with storage.open(blob.key) as source:
                    async for chunk in source.read(0, source.size):
                        digest.update(chunk)
                        size += len(chunk)
                        await asyncio.to_thread(writer.write, chunk)
                if (size, digest.hexdigest()) != (blob.size, blob.sha256):
                    raise BlobDamaged(f"The stored blob {blob.key} isn't what was uploaded: its SHA-256 is another.")
        except BlobMissing as exc:
            raise BlobDamaged(f"The stored blob {blob.key} is missing.") from exc
        except Unavailable as exc:
            raise BackupError(f"The stored blob {blob.key} can't be read: {exc}") from exc
        self._touched.add(path.parent)

    def sync(self) -> None:
        """Make the names of what was copied durable."""
        for folder in self._touched:
            sync_folder(folder)
        sync_folder(self._folder)
        self._touched.clear()

    def read(self, blob: ListedBlob) -> Iterator[bytes]:
        """Yield its bytes. Raises Damaged, at the latest at the end, unless they are those that were uploaded."""
        digest, size = sha256(), 0
        for chunk in unsealed(self.path(blob.key), self._key, _label(blob.key)):
            digest.update(chunk)
            size += len(chunk)
            yield chunk
        if (size, digest.hexdigest()) != (blob.size, blob.sha256):
            raise Damaged(f"{self.path(blob.key)} isn't what the backup lists.")

    def check(self, blob: ListedBlob) -> None:
        """Raises Damaged unless it is here, whole."""
        for _ in self.read(blob):
            pass


def _label(key: str) -> str:
    return f"blob {key}"
