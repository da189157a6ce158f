"""Our own pages compressed: each once, when it is first asked for, and kept until there is another in its place."""

import asyncio
import gzip
from dataclasses import dataclass

SMALLEST = 1024  # bytes
_LEVEL = 9  # slow, but once


@dataclass(frozen=True, slots=True)
class _Kept:
    etag: str
    body: bytes


class Compressed:
    """All that the gateway shows is text, and the same for everybody: there is no secret in it to be told (BREACH)."""

    def __init__(self) -> None:
        self._kept: dict[str, _Kept] = {}
        self._lock = asyncio.Lock()

    async def of(self, path: str, etag: str, body: bytes) -> bytes:
        """Return `body`, which is what `path` shows and `etag` names, in gzip's format."""
        async with self._lock:
            kept = self._kept.get(path)
            if kept is None or kept.etag != etag:
                coded = await asyncio.to_thread(gzip.compress, body, _LEVEL, mtime=0)
                kept = self._kept[path] = _Kept(etag, coded)
        return kept.body
