"""What a file is. Names are made safe in `names`, types are told in `inspection`."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file whose bytes are durable, and which no row tells of yet. Blobs are held under `file_id`."""

    file_id: UUID
    owner_id: UUID
    name: str
    size: int
    content_type: str
    sha256: bytes
    purpose: str


@dataclass(frozen=True, slots=True)
class File:
    """A stored file. Its bytes never change, so that `sha256` is also their strong entity tag."""

    file_id: UUID
    owner_id: UUID
    name: str
    size: int
    content_type: str
    sha256: bytes
    purpose: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class HeldBlob:
    """A run of a holder's bytes: `size` of them from `start`, stored under `storage_key`."""

    storage_key: str
    start: int
    size: int
    sha256: bytes
