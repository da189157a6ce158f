"""Where bytes lie, as the rest of the service sees it: a local folder, or an object store.

`write` returns only when the bytes are durable under their key; only then may anyone be told that they are kept. What
breaks off before leaves nothing that could be read, whatever happens to the process; what it may leave in an object
store is deleted under the key, which was noted in the database before. Written blobs never change.

Keys are made by `new_key` alone. None is ever taken from a client, or from a name that a client chose.
"""

import re
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from file_service.storage.spare import Spare

SHARDS = tuple(f"{number:02x}" for number in range(256))  # the first two digits of keys
_KEY = re.compile("[0-9a-f]{32}")


class BlobMissing(Exception):
    """There is no blob under this key."""


def new_key() -> str:
    """Return a key that was never used: 128 random bits in hexadecimal, so that its first digits spread evenly."""
    return secrets.token_hex(16)


def is_key(name: str) -> bool:
    """Tell whether `new_key` may have made this."""
    return _KEY.fullmatch(name) is not None


@dataclass(frozen=True, slots=True)
class Written:
    """What is durable now."""

    size: int
    sha256: bytes


@dataclass(frozen=True, slots=True)
class Stored:
    """What a listing says of one thing in the storage: `name` is a key unless somebody else put it there."""

    name: str
    size: int
    modified_at: datetime


class Blob(Protocol):
    """A blob open for reading.

    In a local folder it stays whole until it is closed, also when it is deleted meanwhile. In an object store it may be
    gone at the next `read`, which then raises: no reader ever gets bytes of anything else, or takes a part for all.
    """

    @property
    def size(self) -> int: ...

    def read(self, start: int, length: int) -> AsyncIterator[bytes]:
        """Yield `length` bytes from `start`, in chunks of bounded size. Raises Unavailable where it has fewer."""


Use = Callable[[int, int, int], int | None]  # descriptor, start, length -> how many bytes were taken


@runtime_checkable
class LendingBlob(Blob, Protocol):
    """A blob with a descriptor that the kernel may read from."""

    async def lend(self, use: Use, start: int, length: int) -> int | None:
        """Call `use` with the descriptor, in a thread. Raises Unavailable for its OSError."""


class Storage(Protocol):
    @property
    def spare(self) -> Spare:
        """Lends places for blobs that stay open while their reader is at another: none where that keeps nothing."""

    async def write(self, key: str, chunks: AsyncIterator[bytes]) -> Written:
        """Take `chunks` in at the pace of the store, and make them durable under `key`, which is used once.

        What `chunks` raises is raised again, and nothing is left. Raises InsufficientStorage or Unavailable.
        """

    def open(self, key: str) -> AbstractAsyncContextManager[Blob]:
        """Raises BlobMissing, or Unavailable."""

    async def delete(self, key: str) -> None:
        """Remove the blob, durably, if it is there. Its room is free once the last reader has closed it."""

    async def list_shard(self, shard: str) -> Sequence[Stored]:
        """Return what lies under keys that begin with `shard`, one of SHARDS, perhaps with what is being written."""

    async def check(self) -> None:
        """Raises Unavailable unless blobs can be written just now."""
