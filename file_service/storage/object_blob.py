"""One blob of an object store, open for reading: a request of its own for each read, streamed at the reader's pace."""

from collections.abc import AsyncIterator

import obstore

from file_service.storage.blob import READ_BYTES
from file_service.storage.object_clients import ObjectStore, failures
from shared.errors import Unavailable


class ObjectBlob:
    """It may be deleted before it is read; what a read has begun with goes on as the store lets it."""

    def __init__(self, store: ObjectStore, path: str, size: int) -> None:
        self._store = store
        self._path = path
        self.size = size

    async def read(self, start: int, length: int) -> AsyncIterator[bytes]:
        if not length:
            return
        try:
            with failures():
                result = await obstore.get_async(self._store, self._path, options={"range": (start, start + length)})
                stream = result.stream(min_chunk_size=READ_BYTES)
            while length:
                with failures():
                    chunk = bytes(await anext(stream, b""))
                if not chunk:
                    break
                length -= len(chunk)
                yield chunk
        except FileNotFoundError as exc:
            raise Unavailable("The stored file is gone.") from exc
        if length:
            raise Unavailable("The stored file is shorter than it should be.")
