"""Reads FILE_PURPOSES_FILE: a TOML table for each purpose, which adds to the built-in ones or replaces one of them.

[invoice]
types = ["application/pdf", "image/*"]
max_bytes = 20_000_000
"""

import tomllib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from file_service.domain.purposes import BUILT_IN, NAME, Purpose, Purposes


class BadPurposeFile(ValueError):
    """The file can't be read, or says something that makes no sense."""


class _Table(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    types: tuple[str, ...] = ("*",)
    max_bytes: int | None = None
    any_extension: bool = False


def read_purposes(path: Path | None) -> Purposes:
    """Return the built-in purposes and those of the file, if there is one. Raises BadPurposeFile."""
    declared = list(_declared(path)) if path is not None else []
    return Purposes({purpose.name: purpose for purpose in (*BUILT_IN, *declared)})


def _declared(path: Path) -> Iterator[Purpose]:
    try:
        tables = msgspec.convert(tomllib.loads(path.read_text()), dict[str, _Table])
    except (OSError, ValueError) as exc:  # msgspec's and tomllib's own are ValueErrors
        raise BadPurposeFile(f"{path}: {exc}") from exc
    for name, table in tables.items():
        if not NAME.fullmatch(name):
            raise BadPurposeFile(f"{path}: {name!r} is no name of lower-case letters, digits, - and _")
        if not table.types or (table.max_bytes is not None and table.max_bytes < 1):
            raise BadPurposeFile(f"{path}: nothing may be stored for {name}")
        yield Purpose(name, table.types, table.max_bytes, table.any_extension)
