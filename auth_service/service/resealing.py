"""Seals anew what an old key of KEY_ENCRYPTION_KEY sealed, so that the old key can be taken away."""

from collections.abc import Sequence
from dataclasses import dataclass

from auth_service.metrics import SECRETS_RESEALED, SECRETS_UNREADABLE
from auth_service.repository.resealing import SEALED, Key, ResealingRepository, SealedColumn
from auth_service.sealing import Sealer, WrongSealingKey
from shared.db import Database
from shared.logs import log

EVERY = 3600.0  # seconds: a replica that doesn't have the new key yet may seal with the old one meanwhile
_PAGE = 500


@dataclass(frozen=True, slots=True)
class Resealing:
    """Replicas may do it at once: each row is replaced only if it is still what was read."""

    database: Database
    sealer: Sealer
    columns: Sequence[SealedColumn] = SEALED

    async def run(self) -> None:
        """Go through everything once, if there are several keys. Raises Unavailable; the next run goes on."""
        if not self.sealer.has_old_keys:
            return
        done = unreadable = 0
        for column in self.columns:
            repository, after = ResealingRepository(self.database, column), column.lowest
            while page := await repository.list_page(after, _PAGE):
                outcomes = [await self._reseal(repository, column, *row) for row in page]
                done, unreadable = done + outcomes.count(True), unreadable + outcomes.count(None)
                after = page[-1][0]
        SECRETS_RESEALED.inc(done)
        SECRETS_UNREADABLE.set(unreadable)
        log.info("secrets_resealed", **{"colonnade.secrets": done, "colonnade.unreadable": unreadable})

    async def _reseal(
        self, repository: ResealingRepository, column: SealedColumn, key: Key, sealed: bytes
    ) -> bool | None:
        """Tell whether it was sealed anew; none where no key opens it."""
        try:
            new = self.sealer.reseal(sealed, column.label.format(key=key))
        except WrongSealingKey:
            return None
        if new is not None:
            await repository.replace(key, sealed, new)
        return new is not None
