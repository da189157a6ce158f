"""What a row of `files.file` means."""

from collections.abc import Mapping
from typing import Any

from asyncpg import Record

from file_service.domain.file import File
from file_service.domain.verdicts import Verdict

# Those of the table `file`, whatever else is joined; each is a field of File.
COLUMNS = """
    file.file_id, file.owner_id, file.name, file.size, file.content_type, file.sha256, file.purpose, file.public,
    file.via, file.created_at, file.verdict, file.threat
"""


def present(row: Record | Mapping[str, Any]) -> File:
    """Return the file of a row that has COLUMNS."""
    return File(**dict(row) | {"verdict": Verdict(row["verdict"])})
