"""What can be wrong between the storage and the database, one line of JSON each."""

from datetime import datetime
from typing import Literal, get_args
from uuid import UUID

import msgspec

Kind = Literal[
    "missing",  # a blob is held, and not in the storage
    "wrong_size",  # it is there, with another size
    "corrupt",  # it is there, with other bytes
    "unreadable",  # it is there, and can't be read although the storage works
    "orphaned",  # it is in the storage, nothing in the database knows of it, and it is older than any upload takes
    "foreign",  # something in the storage that we never put there
    "inconsistent_file",  # a file whose blobs don't add up to it
    "wrong_quota",  # an owner whose used quota isn't the sum of their files
    "wrong_reservation",  # an owner of whose quota not as much is reserved as their unfinished uploads have
]
KINDS: tuple[Kind, ...] = get_args(Kind)


class Finding(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """`key` is of a blob, `holder` the file or upload that holds it. `repaired` says that it is no more."""

    finding: Kind
    key: str | None = None
    holder: UUID | None = None
    owner: UUID | None = None
    expected: str | int | None = None
    found: str | int | None = None
    modified_at: datetime | None = None
    repaired: bool = False


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """What was looked at, and how many findings of each kind are left."""

    blobs: int
    bytes_read: int
    findings: dict[Kind, int]
    repaired: int
    seconds: float
    note: str = ""
