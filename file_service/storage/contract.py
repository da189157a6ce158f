"""Where bytes lie, as the rest of the service sees it. A local folder today; object stores fit the same shape.

A blob is written in two steps. `stage` takes the bytes in, which costs time but no decision. `publish` makes what was
staged durable under a key; only after it has returned may anyone be told that the bytes are kept. What is staged and
not published leaves nothing behind, whatever happens to the process. Published blobs never change.

Keys are made by `new_key` alone. None is ever taken from a client, or from a name that a client chose.
"""

import secrets
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Protocol

HEAD_BYTES = 8192


class BlobMissing(Exception):
    """There is no blob under this key."""


def new_key() -> str:
    """Return a key that was never used: 128 random bits in hexadecimal, so that its first digits spread evenly."""
    return secrets.token_hex(16)


class Staged(Protocol):
    """Bytes that were taken in. `head` holds the first HEAD_BYTES, for telling what the file is."""

    @property
    def size(self) -> int: ...

    @property
    def sha256(self) -> bytes: ...

    @property
    def head(self) -> bytes: ...

    async def publish(self, key: str) -> None:
        """Make the bytes durable under `key`, at most once. Raises InsufficientStorage or Unavailable."""


class Blob(Protocol):
    """A blob open for reading. It stays whole until it is closed, also when it is deleted meanwhile."""

    @property
    def size(self) -> int: ...

    def read(self, start: int, length: int) -> AsyncIterator[bytes]:
        """Yield `length` bytes from `start`, in chunks of bounded size."""


class Storage(Protocol):
    def stage(self, chunks: AsyncIterator[bytes]) -> AbstractAsyncContextManager[Staged]:
        """Take `chunks` in at the pace of the disk. What `chunks` raises is raised again, and nothing is left.

        Leaving the context discards what was not published. Raises InsufficientStorage when there is no room.
        """

    def open(self, key: str) -> AbstractAsyncContextManager[Blob]:
        """Raises BlobMissing."""

    async def delete(self, key: str) -> None:
        """Remove the blob, durably, if it is there. Its room is free once the last reader has closed it."""

    async def check(self) -> None:
        """Raises Unavailable unless blobs can be written just now."""
