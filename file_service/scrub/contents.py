"""Reads everything that is held, no faster than it may, and compares it with the hashes taken at its upload."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from file_service.metrics import SCRUB_BYTES
from file_service.repository.scrub import KnownBlob, ScrubRepository
from file_service.scrub.findings import Finding
from file_service.storage.contract import BlobMissing, Storage
from shared.errors import Unavailable

_PAGE = 200


class Pace:
    """`rate` is in bytes per second."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._due = 0.0
        self.spent = 0

    async def spend(self, size: int) -> None:
        """Wait until so many bytes may have been read."""
        now = asyncio.get_running_loop().time()
        self._due = max(self._due, now) + size / self._rate
        self.spent += size
        SCRUB_BYTES.inc(size)
        await asyncio.sleep(max(0.0, self._due - now))


@dataclass
class _File:
    """The file whose blobs are being read, as far as all were good."""

    blob: KnownBlob
    hash: Any = field(default_factory=hashlib.sha256)
    blobs: int = 0
    good: bool = True


@dataclass(frozen=True, slots=True)
class Contents:
    repository: ScrubRepository
    storage: Storage
    pace: Pace

    async def findings(self) -> AsyncIterator[Finding]:
        """Raises Unavailable."""
        last: KnownBlob | None = None
        file: _File | None = None
        while page := await self.repository.held_after(last, _PAGE):
            for blob in page:
                if file is None or file.blob.holder_id != blob.holder_id:
                    if file is not None and (finding := await self._whole(file)) is not None:
                        yield finding
                    file = _File(blob)
                if (finding := await self._read(blob, file)) is not None:
                    yield finding
            last = page[-1]
        if file is not None and (finding := await self._whole(file)) is not None:
            yield finding

    async def _read(self, blob: KnownBlob, file: _File) -> Finding | None:
        """Tell of a blob that can be opened, and isn't what it was. Others are the listings' affair."""
        file.blobs += 1
        try:
            digest = await self._digest(blob, file)
        except BlobMissing:
            file.good = False
            return None
        except Unavailable:
            await self.storage.check()  # raises where the storage itself is away
            return await self._finding("unreadable", blob, file)
        if digest is None or digest == blob.sha256:
            return None
        return await self._finding("corrupt", blob, file, digest.hex())

    async def _digest(self, blob: KnownBlob, file: _File) -> bytes | None:
        """Return None where the size is another: that is found without reading."""
        own = hashlib.sha256()
        async with self.storage.open(blob.storage_key) as opened:
            if opened.size != blob.size:
                file.good = False
                return None
            async for chunk in opened.read(0, blob.size):
                own.update(chunk)
                file.hash.update(chunk)
                await self.pace.spend(len(chunk))
        return own.digest()

    async def _finding(self, kind: str, blob: KnownBlob, file: _File, found: str | None = None) -> Finding | None:
        """It counts only as long as the blob is held: what was given up meanwhile may be half deleted."""
        file.good = False
        now = await self.repository.find_blob(blob.storage_key)
        if now is None or now.holder_id is None or blob.sha256 is None:
            return None
        return Finding(
            finding="corrupt" if kind == "corrupt" else "unreadable",
            key=blob.storage_key,
            holder=now.holder_id,
            expected=blob.sha256.hex(),
            found=found,
        )

    async def _whole(self, file: _File) -> Finding | None:
        """Compare a file of several blobs with its own hash: each may be right, and the order or number not."""
        expected, digest = file.blob.file_sha256, file.hash.digest()
        if not file.good or expected is None or file.blobs == 1 or digest == expected:
            return None
        now = await self.repository.find_blob(file.blob.storage_key)
        if now is None or now.file_sha256 != expected:
            return None
        return Finding(
            finding="inconsistent_file", holder=file.blob.holder_id, expected=expected.hex(), found=digest.hex()
        )
