"""Where bytes lie, as the rest of the service sees it: a local folder, or an object store.

`write` returns only when the bytes are durable under their key; only then may anyone be told that they are kept. What
breaks off before leaves nothing that could be read, whatever happens to the process; what it may leave in an object
store is deleted under the key, which was noted in the database before. Written blobs never change.

Keys are made by `new_key` alone. None is ever taken from a client, or from a name that a client chose.
"""

import secrets
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol


class BlobMissing(Exception):
    """There is no blob under this key."""


def new_key() -> str:
    """Return a key that was never used: 128 random bits in hexadecimal, so that its first digits spread evenly."""
    return secrets.token_hex(16)


@dataclass(frozen=True, slots=True)
class Written:
    """What is durable now."""

    size: int
    sha256: bytes


class Blob(Protocol):
    """A blob open for reading. It stays whole until it is closed, also when it is deleted meanwhile."""

    @property
    def size(self) -> int: ...

    def read(self, start: int, length: int) -> AsyncIterator[bytes]:
        """Yield `length` bytes from `start`, in chunks of bounded size. Raises Unavailable where it has fewer."""


class Storage(Protocol):
    async def write(self, key: str, chunks: AsyncIterator[bytes]) -> Written:
        """Take `chunks` in at the pace of the store, and make them durable under `key`, which is used once.

        What `chunks` raises is raised again, and nothing is left. Raises InsufficientStorage or Unavailable.
        """

    def open(self, key: str) -> AbstractAsyncContextManager[Blob]:
        """Raises BlobMissing."""

    async def delete(self, key: str) -> None:
        """Remove the blob, durably, if it is there. Its room is free once the last reader has closed it."""

    async def check(self) -> None:
        """Raises Unavailable unless blobs can be written just now."""
