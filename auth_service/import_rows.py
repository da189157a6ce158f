"""What an import reads: rows of NDJSON, or the items of one JSON array, each of which is right or wrong by itself."""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated

from msgspec import Meta, Struct

from auth_service import password_hashes
from auth_service.domain.imports import ImportedAccount
from auth_service.domain.roles import accept_roles
from auth_service.emails import parse_email
from shared.errors import AppError, MalformedBody
from shared.ids import uuid7
from shared.web.body import decode_json

MOST_BYTES = 16_384  # of a row
_SPACE = " \t\r\n"
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_CLOCKS_DIFFER = timedelta(minutes=5)


class ImportedUser(Struct, frozen=True, forbid_unknown_fields=True):
    """One account. `password_hash` is as the other system wrote it; without one, its owner sets a password by mail."""

    email: str
    email_verified: bool = False
    password_hash: str | None = None
    created_at: Annotated[datetime, Meta(tz=True)] | None = None


class TrustedUser(ImportedUser, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The same from whoever runs the machine, and so may say what others may do."""

    roles: list[str] = []


class InvalidRow(Exception):
    """Says why to whoever imports."""


Row = tuple[int, bytes]


def rows_of_lines(lines: Iterable[bytes]) -> Iterator[Row]:
    """Return the lines that aren't empty, with their numbers."""
    return ((number, line) for number, line in enumerate(lines, 1) if line.strip())


def rows_of_array(text: bytes) -> Iterator[Row]:
    """Return the items of the array, each as it was written. Raises MalformedBody where the whole isn't one."""
    try:
        return enumerate(list(_items(text.decode("utf-8"))), 1)
    except (ValueError, RecursionError) as exc:
        raise MalformedBody("The body is not a JSON array in UTF-8.") from exc


def _items(text: str) -> Iterator[bytes]:
    decoder = json.JSONDecoder()
    place = _after(text, 0, "[")
    while text[place : place + 1] != "]":
        _, end = decoder.raw_decode(text, place)
        yield text[place:end].encode("utf-8", "surrogatepass")
        place = _skip(text, end)
        if text[place : place + 1] != "]":
            place = _after(text, place, ",")
            if text[place : place + 1] == "]":
                raise ValueError("a comma before the end")
    if _skip(text, place + 1) != len(text):
        raise ValueError("something behind the array")


def _after(text: str, place: int, sign: str) -> int:
    place = _skip(text, place)
    if text[place : place + 1] != sign:
        raise ValueError(f"no {sign}")
    return _skip(text, place + 1)


def _skip(text: str, place: int) -> int:
    while text[place : place + 1] in _SPACE and place < len(text):
        place += 1
    return place


def read_row(raw: bytes, kind: type[ImportedUser] = ImportedUser) -> ImportedAccount:
    """Return the account that a row describes. Raises InvalidRow."""
    if len(raw) > MOST_BYTES:
        raise InvalidRow(f"It is longer than {MOST_BYTES} bytes.")
    try:
        user = decode_json(raw, kind)
        email = parse_email(user.email)
        stored = password_hashes.accept(user.password_hash) if user.password_hash is not None else None
        roles = accept_roles(user.roles) if isinstance(user, TrustedUser) else ()
    except AppError as exc:
        raise InvalidRow(_told(exc)) from exc
    except password_hashes.UnsupportedHash as exc:
        raise InvalidRow(f"The password hash {exc}.") from exc
    return ImportedAccount(
        user_id=uuid7(),
        email=email.address,
        email_key=email.key,
        email_verified=user.email_verified,
        password_hash=stored,
        created_at=_past(user.created_at),
        roles=roles,
    )


def _told(exc: AppError) -> str:
    places = "; ".join(f"{each.pointer} {each.detail}" for each in exc.errors)
    return f"{exc.detail or exc.title} ({places})" if places else exc.detail or exc.title


def _past(created_at: datetime | None) -> datetime:
    now = datetime.now(UTC)
    if created_at is None:
        return now
    if not _EARLIEST <= created_at <= now + _CLOCKS_DIFFER:
        raise InvalidRow("It was created in the future, or before 1970.")
    return created_at
