"""Migrations as files: `0001_what_it_does.sql`, numbered without a gap, never changed once they have been applied.

A file may begin with comments that the runner obeys:

`-- no transaction`, as its first line: it holds one statement that runs in no transaction, such as `create index
concurrently`. It may be run again when it failed or when its record was lost, so it says `if not exists` or the like.

`-- contract: unused since 0.2.0, schema version 11`: it takes something away, which the named release was the first to
do without; that release expects that version of the schema. Programs that expect an older one don't get ready any more.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")
_NO_TRANSACTION = "-- no transaction"
_HEADER = re.compile(r"(?:--[^\n]*\n)*")
_CONTRACT = re.compile(r"^-- contract:(.*)$", re.MULTILINE)
_UNUSED_SINCE = re.compile(r" unused since (\d+\.\d+\.\d+\S*), schema version (\d+)")


class MigrationError(Exception):
    """The files contradict the database or each other; the message says which."""


@dataclass(frozen=True, slots=True)
class Contract:
    """The first release that doesn't need what is taken away, and the version of the schema that it expects."""

    release: str
    version: int


@dataclass(frozen=True, slots=True)
class Migration:
    version: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()

    @property
    def in_transaction(self) -> bool:
        return not self.sql.startswith(_NO_TRANSACTION)

    @property
    def contract(self) -> Contract | None:
        """Raises MigrationError for a contract that is written in another way, or that names this migration itself."""
        header = _HEADER.match(self.sql)
        said = _CONTRACT.search(header[0] if header else "")
        if said is None:
            return None
        found = _UNUSED_SINCE.fullmatch(said[1].rstrip())
        if found is None:
            raise MigrationError(f"{self.name}: say `-- contract: unused since RELEASE, schema version NUMBER`")
        if int(found[2]) >= self.version:
            raise MigrationError(f"{self.name}: what it takes away has to be unused a release before")
        return Contract(found[1], int(found[2]))


def read_migrations(folder: Path) -> list[Migration]:
    """Return the folder's migrations in order.

    Raises MigrationError for a gap, a twin, a badly named file, or a folder that isn't there.
    """
    if not folder.is_dir():
        raise MigrationError(f"{folder} is no folder: the program isn't installed whole")
    found = []
    for path in sorted(folder.glob("*.sql")):
        match = _NAME.fullmatch(path.name)
        if match is None:
            raise MigrationError(f"{path.name}: a migration is named 0001_what_it_does.sql")
        found.append(Migration(int(match[1]), path.name, path.read_text(encoding="utf-8")))
    if [migration.version for migration in found] != list(range(1, len(found) + 1)):
        raise MigrationError(f"{folder}: versions must run from 0001 without a gap or a twin")
    return found


def expected_version(folder: Path) -> int:
    return len(read_migrations(folder))
