"""What a file is. Names are made safe in `names`, types in `content_types`."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file whose bytes are durable, and which no row tells of yet. `storage_key` says where the bytes lie."""

    owner_id: UUID
    name: str
    size: int
    content_type: str
    sha256: bytes
    storage_key: str


@dataclass(frozen=True, slots=True)
class File:
    """A stored file. Its bytes never change, so that `sha256` is also their strong entity tag."""

    file_id: UUID
    owner_id: UUID
    name: str
    size: int
    content_type: str
    sha256: bytes
    storage_key: str
    created_at: datetime
