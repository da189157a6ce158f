"""Adds up: files and their blobs, owners and their files. Each page is one statement, so it sees one moment."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from file_service.repository.scrub import ScrubRepository
from file_service.scrub.findings import Finding
from shared.ids import LOWEST

_FILES, _OWNERS = 500, 50  # a page's


@dataclass(frozen=True, slots=True)
class Sums:
    repository: ScrubRepository

    async def findings(self) -> AsyncIterator[Finding]:
        """Raises Unavailable."""
        async for finding in self._files():
            yield finding
        async for finding in self._owners():
            yield finding

    async def _files(self) -> AsyncIterator[Finding]:
        last = LOWEST
        while page := await self.repository.files_after(last, _FILES):
            for file in page:
                if file.held != file.size or not file.fits:
                    yield Finding(
                        finding="inconsistent_file",
                        holder=file.file_id,
                        owner=file.owner_id,
                        expected=file.size,
                        found=file.held,
                    )
            last = page[-1].file_id

    async def _owners(self) -> AsyncIterator[Finding]:
        last = LOWEST
        while page := await self.repository.owners_after(last, _OWNERS):
            for owner in page:
                if owner.bytes != owner.stored:
                    yield Finding(finding="wrong_quota", owner=owner.owner_id, expected=owner.stored, found=owner.bytes)
                if owner.reserved != owner.asked:
                    yield Finding(
                        finding="wrong_reservation", owner=owner.owner_id, expected=owner.asked, found=owner.reserved
                    )
            last = page[-1].owner_id
