"""A storage that has the same blob under every key."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from file_service.storage.contract import Blob, BlobMissing, Stored, Written
from file_service.storage.spare import Spare


class OneBlob:
    """`content` is None: it is missing. Reads like a disk, in small chunks."""

    def __init__(self, content: bytes | None) -> None:
        self._content = content
        self.size = len(content or b"")
        self.spare = Spare(0)

    @asynccontextmanager
    async def open(self, key: str) -> AsyncIterator[Blob]:  # noqa: ARG002  the same under each
        if self._content is None:
            raise BlobMissing
        yield self

    async def read(self, start: int, length: int) -> AsyncIterator[bytes]:
        content = self._content or b""
        for at in range(start, start + length, 1000):
            yield content[at : min(at + 1000, start + length)]

    async def write(self, key: str, chunks: AsyncIterator[bytes]) -> Written:
        raise NotImplementedError

    async def delete(self, key: str) -> None:
        raise NotImplementedError

    async def list_shard(self, shard: str) -> Sequence[Stored]:
        raise NotImplementedError

    async def check(self) -> None:
        raise NotImplementedError
