"""What a row of `files.file` means."""

from asyncpg import Record

from file_service.domain.file import File
from file_service.domain.verdicts import Verdict

COLUMNS = "file_id, owner_id, name, size, content_type, sha256, purpose, created_at, verdict, threat"


def present(row: Record) -> File:
    """Return the file of a row that has COLUMNS."""
    return File(**dict(row) | {"verdict": Verdict(row["verdict"])})
