"""Files encrypted in chunks, so that memory stays flat and a cut, a swap or a changed byte is found.

    "COLBAK01", 32 random bytes, then chunks of 256 KiB (the last one is shorter, perhaps empty), each with AES-256-GCM

The file's key is HKDF-SHA256 of the folder's key, with the random bytes as salt and the file's label as info: no file
can stand for another. A chunk's nonce is its number in 11 bytes and a byte that is 1 for the last chunk: none can be
left out, added or put elsewhere.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from deploy.backup.errors import Damaged

_MAGIC = b"COLBAK01"
_SALT = 32
_CHUNK = 262_144
_TAG = 16


def sealed_size(plain: int) -> int:
    """Return how large a file of so many bytes becomes."""
    return len(_MAGIC) + _SALT + plain + (plain // _CHUNK + 1) * _TAG


def _cipher(key: bytes, salt: bytes, label: str) -> AESGCM:
    return AESGCM(HKDF(algorithm=hashes.SHA256(), length=32, salt=salt, info=label.encode()).derive(key))


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


class SealedWriter:
    """Encrypts what is written to it; `close` writes the last chunk, without which nobody takes the file for whole."""

    def __init__(self, file: BinaryIO, key: bytes, label: str) -> None:
        salt = secrets.token_bytes(_SALT)
        self._file, self._cipher = file, _cipher(key, salt, label)
        self._number = 0
        self._pending = bytearray()
        self._hash = sha256()
        self.size = 0
        self._put(_MAGIC + salt)

    @property
    def sha256(self) -> bytes:
        """The digest of the file as it lies on the disk."""
        return self._hash.digest()

    def write(self, data: bytes) -> None:
        self._pending += data
        while len(self._pending) >= _CHUNK:
            self._seal(bytes(self._pending[:_CHUNK]), last=False)
            del self._pending[:_CHUNK]

    def close(self) -> None:
        """Write what is left, durably."""
        self._seal(bytes(self._pending), last=True)
        self._file.flush()
        os.fsync(self._file.fileno())

    def _seal(self, plain: bytes, *, last: bool) -> None:
        self._put(self._cipher.encrypt(_nonce(self._number, last=last), plain, None))
        self._number += 1

    def _put(self, data: bytes) -> None:
        self._file.write(data)
        self._hash.update(data)
        self.size += len(data)


@contextmanager
def sealed_file(path: Path, key: bytes, label: str) -> Iterator[SealedWriter]:
    """Write a file that is there only once it is whole and durable; its folder is for the caller to sync."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with temporary.open("xb") as file:
            writer = SealedWriter(file, key, label)
            yield writer
            writer.close()
        temporary.rename(path)
    except BaseException:
        with suppress(FileNotFoundError):
            temporary.unlink()
        raise


def unsealed(path: Path, key: bytes, label: str) -> Iterator[bytes]:
    """Yield what was written. Raises Damaged as soon as a byte isn't as it was, or where the end is missing."""
    try:
        with path.open("rb") as file:
            head = file.read(len(_MAGIC) + _SALT)
            if len(head) != len(_MAGIC) + _SALT or not head.startswith(_MAGIC):
                raise Damaged(f"{path} isn't an encrypted file of a backup.")
            yield from _chunks(file, _cipher(key, head[len(_MAGIC) :], label))
    except InvalidTag:
        raise Damaged(f"{path} was changed or cut off, or belongs elsewhere.") from None
    except FileNotFoundError:
        raise Damaged(f"{path} is missing.") from None


def _chunks(file: BinaryIO, cipher: AESGCM) -> Iterator[bytes]:
    number, chunk = 0, file.read(_CHUNK + _TAG)
    while True:
        following = file.read(_CHUNK + _TAG) if len(chunk) == _CHUNK + _TAG else b""
        yield cipher.decrypt(_nonce(number, last=not following), chunk, None)
        if not following:
            return
        number, chunk = number + 1, following
