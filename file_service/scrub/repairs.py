"""What can be mended without losing anything: orphans are deleted, and quotas settled. The rest needs a backup."""

from dataclasses import dataclass

import msgspec

from file_service.repository.holds import may_delete
from file_service.repository.scrub import ScrubRepository, settle_owner
from file_service.scrub.findings import Finding
from file_service.storage.contract import Storage
from shared.db import Database

_MANY = 100  # orphans; more are deleted only where they are the smaller part of what lies there


def too_many(orphans: int, blobs: int) -> bool:
    """Tell whether it looks as if this were another's storage, or another's database."""
    return orphans > _MANY and orphans * 2 > blobs


@dataclass(frozen=True, slots=True)
class Repairs:
    database: Database
    storage: Storage

    async def repair(self, finding: Finding) -> Finding:
        """Return what is said of it then."""
        repaired = False
        if finding.finding == "orphaned" and finding.key is not None:
            repaired = await self._delete(finding.key)
        elif finding.finding in ("wrong_quota", "wrong_reservation") and finding.owner is not None:
            async with self.database.transaction() as connection:
                await settle_owner(connection, finding.owner)
            repaired = True
        return msgspec.structs.replace(finding, repaired=repaired)

    async def _delete(self, key: str) -> bool:
        """Delete it unless somebody copies the storage just now, or it is known after all."""
        async with self.database.transaction() as connection:
            if not await may_delete(connection) or await ScrubRepository(connection).find_blob(key) is not None:
                return False
            await self.storage.delete(key)
        return True
