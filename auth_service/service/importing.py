"""Takes over accounts of another system, some at a time: each batch is whole or not there, and may be sent again."""

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from uuid import UUID

from auth_service.domain.audit import Action, AuditEntry
from auth_service.domain.devices import Device
from auth_service.domain.imports import ImportedAccount, ImportOutcome, RowResult
from auth_service.import_rows import ImportedUser, InvalidRow, Row, read_row
from auth_service.metrics import ACCOUNTS_IMPORTED
from auth_service.repository.audit import AuditRepository
from auth_service.repository.imports import ImportRepository
from shared.db import Connection, Database
from shared.events.publish import NewEvent, publish

BATCH = 200  # rows: 20 ms of reading between two waits, and events that others get at once


@dataclass(frozen=True, slots=True)
class Importer:
    """Who imports, from where. `kind` is what their rows may say; nobody's id means the command line."""

    device: Device
    user_id: UUID | None = None
    session_id: UUID | None = None
    kind: type[ImportedUser] = ImportedUser


@dataclass(frozen=True, slots=True)
class Importing:
    database: Database

    async def run(self, rows: Iterable[Row], importer: Importer) -> AsyncIterator[list[RowResult]]:
        """Import batch by batch and return what became of each row. Raises Unavailable, and what was returned stays."""
        rest = iter(rows)
        while batch := list(islice(rest, BATCH)):
            results = await self._import(batch, importer)
            for outcome in ImportOutcome:
                ACCOUNTS_IMPORTED.labels(outcome.value).inc(sum(each.outcome is outcome for each in results))
            yield results

    async def _import(self, batch: Sequence[Row], importer: Importer) -> list[RowResult]:
        accounts: dict[int, ImportedAccount] = {}
        results: list[RowResult] = []
        for number, raw in batch:
            try:
                accounts[number] = read_row(raw, importer.kind)
            except InvalidRow as exc:
                results.append(RowResult(number, ImportOutcome.INVALID, reason=str(exc)))
        if accounts:
            results += await self._store(accounts, importer)
        return sorted(results, key=lambda result: result.row)

    async def _store(self, accounts: dict[int, ImportedAccount], importer: Importer) -> list[RowResult]:
        async with self.database.transaction() as connection:
            created = await ImportRepository(connection).add(list(accounts.values()))
            others = [account.email_key for account in accounts.values() if account.user_id not in created]
            known = await ImportRepository(connection).find_ids(others) if others else {}
            await _write_down(connection, created, importer)
            await publish(connection, "auth", [NewEvent("user_registered", str(each)) for each in sorted(created)])
        return [
            RowResult(number, ImportOutcome.CREATED, account.user_id)
            if account.user_id in created
            else RowResult(number, ImportOutcome.DUPLICATE, known.get(account.email_key))
            for number, account in accounts.items()
        ]


async def _write_down(connection: Connection, created: Iterable[UUID], importer: Importer) -> None:
    await AuditRepository(connection).record_all(
        [
            AuditEntry(Action.IMPORTED, importer.device, user_id, importer.user_id, importer.session_id)
            for user_id in created
        ]
    )
