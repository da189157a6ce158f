"""What an import is answered."""

from collections import Counter
from collections.abc import Sequence
from uuid import UUID

from msgspec import UNSET, Struct, UnsetType

from auth_service.domain.imports import ImportOutcome, RowResult


class ImportedRow(Struct, frozen=True, omit_defaults=True):
    """`row` counts from 1: lines of NDJSON, or items of the array. `user_id` is of the account that is there now."""

    row: int
    outcome: ImportOutcome
    user_id: UUID | UnsetType = UNSET
    reason: str | UnsetType = UNSET


class ImportAnswer(Struct, frozen=True):
    created: int
    duplicate: int
    invalid: int
    rows: list[ImportedRow]


def present_row(result: RowResult) -> ImportedRow:
    return ImportedRow(result.row, result.outcome, result.user_id or UNSET, result.reason or UNSET)


def present_import(results: Sequence[RowResult]) -> ImportAnswer:
    numbers = Counter(result.outcome for result in results)
    return ImportAnswer(
        created=numbers[ImportOutcome.CREATED],
        duplicate=numbers[ImportOutcome.DUPLICATE],
        invalid=numbers[ImportOutcome.INVALID],
        rows=[present_row(result) for result in results],
    )
