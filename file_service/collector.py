"""Deletes from storage what the database has given up, soon after the commit and in any case eventually."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from file_service.metrics import BLOBS_DELETED
from file_service.repository.blobs import due_blobs, expect_blob, give_up_blob
from file_service.storage.contract import Storage, new_key
from shared.db import Database
from shared.errors import Unavailable
from shared.lifecycle import out_of_step

_BATCH = 50
_LOOK_EVERY = 2.0  # seconds, for what the accounts' feed, another replica or a crash has left
_PATIENCE = 8.0  # seconds for a batch: less than PostgreSQL has with a transaction that does nothing


@dataclass(slots=True)
class ExpectedBlob:
    """A blob that is to be written; who has it kept says so."""

    key: str
    kept: bool = False


class Collector:
    """`delay` is how many seconds blobs stay after they were given up."""

    def __init__(self, database: Database, storage: Storage, delay: float = 0.0) -> None:
        self._database = database
        self._storage = storage
        self._delay = delay
        self._news = asyncio.Event()

    def nudge(self) -> None:
        """Say that something has become due."""
        self._news.set()

    @asynccontextmanager
    async def expected(self) -> AsyncIterator[ExpectedBlob]:
        """Lend a blob that has been noted, and have it deleted afterwards unless it was kept. Raises Unavailable."""
        blob = ExpectedBlob(new_key())
        await expect_blob(self._database, blob.key)
        try:
            yield blob
        finally:
            if not blob.kept:
                await asyncio.shield(self.give_up(blob.key))

    async def give_up(self, key: str) -> None:
        """Have a blob that was expected, and isn't wanted, deleted; where even this fails, it becomes due by itself."""
        with suppress(Unavailable):
            await give_up_blob(self._database, key)
        self.nudge()

    async def run(self) -> None:
        """Collect for ever. Raises Unavailable when the database or the storage is away; run it again then."""
        while True:
            self._news.clear()
            await self.collect()
            try:
                async with asyncio.timeout(out_of_step(_LOOK_EVERY)):
                    await self._news.wait()
            except TimeoutError:
                continue

    async def collect(self) -> None:
        """Delete all blobs that are due now. Raises Unavailable when one of them can't be, after its batch."""
        more = True
        while more:
            async with due_blobs(self._database, _BATCH, self._delay) as keys:
                more = len(keys) == _BATCH
                failures = await self._delete(keys)
            BLOBS_DELETED.inc(len(keys))
            if failures:
                raise failures[0]

    async def _delete(self, keys: set[str]) -> list[BaseException]:
        """Delete what can be, and take the rest out of `keys`."""
        asked = list(keys)
        outcomes = await asyncio.gather(*map(self._delete_one, asked), return_exceptions=True)
        failures = {key: outcome for key, outcome in zip(asked, outcomes, strict=True) if outcome is not None}
        keys.difference_update(failures)
        return list(failures.values())

    async def _delete_one(self, key: str) -> None:
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._storage.delete(key)
        except TimeoutError as exc:
            raise Unavailable("The storage takes long to delete.") from exc
