"""Blobs as objects of a bucket: `blobs/3f/3f9c...` by key, under the prefix that the operator chose.

What is small is one PUT; what isn't is a multipart upload. A part waits on this machine's disk until it is whole, and
only as many as there are places are in memory at once, however many upload how slowly.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING

import obstore

from file_service.errors import InsufficientStorage
from file_service.storage.bucket import Bucket
from file_service.storage.contract import Blob, BlobMissing, Stored, Written
from file_service.storage.object_blob import ObjectBlob
from file_service.storage.object_clients import Clients, connect, failures
from file_service.storage.object_places import Places
from file_service.storage.object_upload import MultipartUpload
from file_service.storage.spare import Spare
from file_service.storage.spool import IN_MEMORY, Spool
from file_service.storage.threads import DiskThreads
from shared.errors import Unavailable

if TYPE_CHECKING:  # exists for type checkers alone
    from obstore import ObjectMeta

PART_BYTES = 8 * 1024**2  # S3 takes 10,000 parts: files of 80 GB at most
_BATCH = 65_536  # bytes that are collected before a thread is bothered
_CHECKED_FOR = 5.0  # seconds
_NEVER = float("-inf")


class ObjectStorage:
    """Implements `Storage`. Each wait for the store ends within twice the bucket's time-out, well or with a failure."""

    def __init__(self, clients: Clients, bucket: Bucket, threads: DiskThreads) -> None:
        self._clients = clients
        self._bucket = bucket
        self._threads = threads
        self._patience = 2 * bucket.timeout
        self._places = Places()
        self._checked_at = _NEVER
        self.spare = Spare(0)

    def path(self, key: str) -> str:
        return f"blobs/{key[:2]}/{key}"

    async def write(self, key: str, chunks: AsyncIterator[bytes]) -> Written:
        spool = Spool(self._bucket.spool)
        try:
            await self._write(self.path(key), spool, chunks)
        except (InsufficientStorage, Unavailable):
            self._checked_at = _NEVER
            raise
        finally:
            await asyncio.shield(self._threads.run(spool.close))
        return Written(spool.size, spool.sha256)

    async def _write(self, path: str, spool: Spool, chunks: AsyncIterator[bytes]) -> None:
        upload: MultipartUpload | None = None
        take = partial(self._threads.run, spool.take, PART_BYTES)
        try:
            async for _ in self._parts(spool, chunks):
                upload = upload or MultipartUpload(partial(self._put_parts, path), self._places)
                await upload.send(take)
            if upload is None:
                await self._put_whole(path, spool)
            else:
                if spool.waiting:
                    await upload.send(take)
                await upload.complete()
        except BaseException:
            if upload is not None:
                await asyncio.shield(upload.abort(self._patience))
            raise

    async def _parts(self, spool: Spool, chunks: AsyncIterator[bytes]) -> AsyncIterator[None]:
        """Collect `chunks`, and yield each time when a part of them waits, until there is less than one."""
        batch: list[bytes] = []
        collected = 0
        async for chunk in chunks:
            batch.append(chunk)
            collected += len(chunk)
            if collected >= _BATCH:
                await self._threads.run(spool.add, batch)
                batch, collected = [], 0
                while spool.waiting >= PART_BYTES:  # exactly a part: of a longer one the library would keep all
                    yield
        await self._threads.run(spool.add, batch)
        while spool.waiting > PART_BYTES:
            yield

    async def _put_whole(self, path: str, spool: Spool) -> None:
        if spool.waiting <= IN_MEMORY:
            await self._put(path, spool.take(PART_BYTES))
            return
        async with self._places.one():
            await self._put(path, await self._threads.run(spool.take, PART_BYTES))

    async def _put(self, path: str, content: bytes) -> None:
        with failures(), _bucket_exists():
            async with asyncio.timeout(self._patience):
                await obstore.put_async(self._clients.asking, path, content, use_multipart=False)

    async def _put_parts(self, path: str, parts: AsyncIterator[bytes]) -> None:
        with failures(), _bucket_exists():
            await obstore.put_async(
                self._clients.asking, path, parts, use_multipart=True, chunk_size=PART_BYTES, max_concurrency=1
            )

    @asynccontextmanager
    async def open(self, key: str) -> AsyncIterator[Blob]:
        try:
            with failures():
                async with asyncio.timeout(self._patience):
                    meta = await obstore.head_async(self._clients.asking, self.path(key))
        except FileNotFoundError as exc:
            raise BlobMissing from exc
        yield ObjectBlob(self._clients.reading, self.path(key), meta["size"])

    async def delete(self, key: str) -> None:
        with suppress(FileNotFoundError), failures():
            async with asyncio.timeout(self._patience):
                await obstore.delete_async(self._clients.asking, self.path(key))

    async def list_shard(self, shard: str) -> Sequence[Stored]:
        found: list[Stored] = []
        with failures(), _bucket_exists():
            async for metas in obstore.list(self._clients.asking, f"blobs/{shard}"):
                found += map(_stored, metas)
        return found

    async def check(self) -> None:
        """Write a byte, unless that was done a moment ago."""
        loop = asyncio.get_running_loop()
        if loop.time() - self._checked_at > _CHECKED_FOR:
            await self._put("readiness", b"\0")
            self._checked_at = loop.time()


def _stored(meta: "ObjectMeta") -> Stored:
    return Stored(meta["path"].rpartition("/")[2], meta["size"], meta["last_modified"])


@contextmanager
def _bucket_exists() -> Iterator[None]:
    """Whoever writes or lists finds nothing only where there is no bucket."""
    try:
        yield
    except FileNotFoundError as exc:
        raise Unavailable("The files can't be reached.") from exc


@asynccontextmanager
async def open_object_storage(bucket: Bucket) -> AsyncIterator[ObjectStorage]:
    """Connects with the first request. Raises ValueError for options that make no sense."""
    threads = DiskThreads()
    try:
        yield ObjectStorage(connect(bucket), bucket, threads)
    finally:
        await threads.close()
