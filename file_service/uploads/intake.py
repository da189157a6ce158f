"""The checks at the entrance: what every new file goes through after its bytes are stored and before its row is."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from file_service.delivery.content import Content
from file_service.domain.file import HeldBlob, NewFile
from file_service.domain.verdicts import CheckPolicy, Verdict
from file_service.errors import FileTooLarge
from file_service.inspection.bounds import Bounds, may_hold_a_bomb, require_harmless


@dataclass(frozen=True, slots=True)
class Intake:
    content: Content
    bounds: Bounds
    policy: CheckPolicy

    async def admit(self, new: NewFile, blobs: Sequence[HeldBlob]) -> NewFile:
        """Return the file with the verdict that it begins with.

        Raises ArchiveBomb, UnreadableArchive, PixelBomb, or FileTooLarge where the scanner couldn't look at it: that is
        only found here of an upload that was begun when there was none.
        """
        await self._inspect(new, blobs)
        verdict = self.policy.first_verdict(new.size)
        if verdict is Verdict.SKIPPED and not self.policy.unchecked_pass:
            raise FileTooLarge(f"Only files of up to {self.policy.most_bytes} bytes can be checked for viruses.")
        return replace(new, verdict=verdict)

    async def _inspect(self, new: NewFile, blobs: Sequence[HeldBlob]) -> None:
        if not may_hold_a_bomb(new):
            return
        async with self.content.open_blobs(blobs) as opened:

            async def read(start: int, length: int) -> bytes:
                length = max(0, min(length, new.size - start))
                return b"".join([chunk async for chunk in opened.read(start, length)])

            await require_harmless(new, read, self.bounds)
