"""Takes over accounts of another system, some at a time: each batch is whole or not there, and may be sent again."""

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from auth_service.domain.audit import Action, Doer
from auth_service.domain.imports import ImportedAccount, ImportOutcome, RowResult
from auth_service.domain.requirement import Requirement
from auth_service.import_rows import ImportedUser, InvalidRow, Row, read_row
from auth_service.metrics import ACCOUNTS_IMPORTED
from auth_service.repository.audit import AuditRepository
from auth_service.repository.imports import ImportRepository
from auth_service.service.administration import require_administrator
from shared.db import Database
from shared.events.publish import NewEvent, publish

BATCH = 200  # rows, which take 20 ms to read and keep other writers of events waiting for as long


@dataclass(frozen=True, slots=True)
class Importing:
    database: Database
    requirement: Requirement

    async def import_for(self, doer: Doer, rows: Iterable[Row]) -> list[RowResult]:
        """Import for an administrator, and return what became of each row. An account's roles are never among it.

        Raises InsufficientUserAuthentication, InsufficientRole, or Unavailable: what was stored until then stays.
        """
        async with self.database.transaction() as connection:
            await require_administrator(connection, doer, self.requirement)
        return [result async for batch in self.run(rows, doer, ImportedUser) for result in batch]

    async def run(
        self, rows: Iterable[Row], doer: Doer, kind: type[ImportedUser]
    ) -> AsyncIterator[Sequence[RowResult]]:
        """Import, and return what became of each row, batch by batch. `kind` is what a row may say."""
        rest = iter(rows)
        while batch := list(islice(rest, BATCH)):
            results = await self._import(batch, doer, kind)
            for outcome in ImportOutcome:
                ACCOUNTS_IMPORTED.labels(outcome.value).inc(sum(each.outcome is outcome for each in results))
            yield results

    async def _import(self, batch: Sequence[Row], doer: Doer, kind: type[ImportedUser]) -> Sequence[RowResult]:
        accounts: dict[int, ImportedAccount] = {}
        results: list[RowResult] = []
        for number, raw in batch:
            try:
                accounts[number] = read_row(raw, kind)
            except InvalidRow as exc:
                results.append(RowResult(number, ImportOutcome.INVALID, reason=str(exc)))
        if accounts:
            results += await self._store(accounts, doer)
        return sorted(results, key=lambda result: result.row)

    async def _store(self, accounts: dict[int, ImportedAccount], doer: Doer) -> list[RowResult]:
        async with self.database.transaction() as connection:
            created = await ImportRepository(connection).add(list(accounts.values()))
            others = [account.email_key for account in accounts.values() if account.user_id not in created]
            known = await ImportRepository(connection).find_ids(others) if others else {}
            entries = [doer.did(Action.IMPORTED, user_id) for user_id in sorted(created)]
            await AuditRepository(connection).record_all(entries)
            await publish(connection, "auth", [NewEvent("user_registered", str(each)) for each in sorted(created)])
        return [
            RowResult(number, ImportOutcome.CREATED, account.user_id)
            if account.user_id in created
            else RowResult(number, ImportOutcome.DUPLICATE, known.get(account.email_key))
            for number, account in accounts.items()
        ]
