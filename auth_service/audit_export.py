"""The audit log as files: lines of JSON, or CSV."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from auth_service.domain.audit import Recorded
from auth_service.messages.audit import AuditEntryView, AuditFormat, present_entry

MEDIA_TYPES: Mapping[AuditFormat, str] = {
    AuditFormat.NDJSON: "application/x-ndjson",
    AuditFormat.CSV: "text/csv; charset=utf-8; header=present",
}
_RUNS = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet takes for a formula at the beginning of a cell


class AuditEncoder(Protocol):
    def head(self) -> bytes: ...

    def rows(self, entries: Sequence[Recorded]) -> bytes: ...


class NdjsonEncoder:
    def __init__(self) -> None:
        self._encoder = msgspec.json.Encoder()

    def head(self) -> bytes:
        return b""

    def rows(self, entries: Sequence[Recorded]) -> bytes:
        return self._encoder.encode_lines([present_entry(entry) for entry in entries])


class CsvEncoder:
    """Each cell is quoted, and one that a spreadsheet would run begins with an apostrophe."""

    def head(self) -> bytes:
        return _csv([list(AuditEntryView.__struct_fields__)])

    def rows(self, entries: Sequence[Recorded]) -> bytes:
        return _csv([_cells(entry) for entry in entries])


ENCODERS: Mapping[AuditFormat, type[AuditEncoder]] = {
    AuditFormat.NDJSON: NdjsonEncoder,
    AuditFormat.CSV: CsvEncoder,
}


def _cells(entry: Recorded) -> list[str]:
    values = msgspec.to_builtins(present_entry(entry))
    values["details"] = msgspec.json.encode(values["details"]).decode()
    return [_harmless("" if value is None else str(value)) for value in values.values()]


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(_RUNS) else text


def _csv(rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows(rows)
    return text.getvalue().encode()
