"""`python -m auth_service import FILE`, in the environment of auth_service: the same as POST /v1/admin/users/import.

FILE is lines of JSON, or one array; `-` is standard input. Rows may have `roles`, too. It prints what became of each
row, as lines of JSON, and may be run again.
"""

import argparse
import asyncio
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import msgspec

from auth_service.domain.audit import NOWHERE, SYSTEM, Doer
from auth_service.domain.imports import ImportOutcome
from auth_service.domain.requirement import Requirement
from auth_service.import_rows import Row, TrustedUser, rows_of_array, rows_of_lines
from auth_service.messages.importing import present_row
from auth_service.service.importing import Importing
from shared.db import open_database
from shared.errors import AppError
from shared.settings import DatabaseSettings, load


def import_users(argv: Sequence[str]) -> int:
    """Return the exit status: 1 where a row was invalid, the file can't be read, or the database is away."""
    parser = argparse.ArgumentParser(prog="python -m auth_service import", description=__doc__)
    parser.add_argument("file", metavar="FILE")
    name = parser.parse_args(argv).file
    settings = load(DatabaseSettings)
    try:
        with _opened(name) as file:
            numbers = asyncio.run(_import(settings, _rows(file)))
    except OSError as exc:
        return _fail(f"{name} can't be read: {exc.strerror}")
    except AppError as exc:
        return _fail(f"{exc.detail or exc.title} What is printed above is done; run it again.")
    told = ", ".join(f"{numbers[outcome]} {outcome.value}" for outcome in ImportOutcome)
    print(f"import: {told}", file=sys.stderr)  # noqa: T201  whoever imports is watching
    return 1 if numbers[ImportOutcome.INVALID] else 0


@contextmanager
def _opened(name: str) -> Iterator[BinaryIO]:
    if name == "-":
        yield sys.stdin.buffer
    else:
        with Path(name).open("rb") as file:
            yield file


def _rows(file: BinaryIO) -> Iterator[Row]:
    """Read line by line, or, where an array begins, the whole. Raises MalformedBody."""
    first = file.readline()
    if first.lstrip().startswith(b"["):
        return rows_of_array(first + file.read())
    return rows_of_lines(_lines(first, file))


def _lines(first: bytes, file: BinaryIO) -> Iterator[bytes]:
    yield first
    yield from file


async def _import(settings: DatabaseSettings, rows: Iterator[Row]) -> Counter[ImportOutcome]:
    numbers: Counter[ImportOutcome] = Counter()
    doer, nobody_signs_in = Doer(SYSTEM, SYSTEM, NOWHERE), Requirement.OPTIONAL
    async with open_database(settings) as database:
        async for results in Importing(database, nobody_signs_in).run(rows, doer, TrustedUser):
            numbers.update(result.outcome for result in results)
            lines = msgspec.json.Encoder().encode_lines([present_row(result) for result in results])
            sys.stdout.write(lines.decode())
            sys.stdout.flush()
    return numbers


def _fail(text: str) -> int:
    print(f"import: {text}", file=sys.stderr)  # noqa: T201  as above
    return 1
