"""What a file is. Names are made safe in `names`, types are told in `inspection`."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from file_service.domain.verdicts import Verdict


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file whose bytes are durable, and which no row tells of yet. Blobs are held under `file_id`.

    `via` is the upload link that it came by, if a stranger sent it.
    """

    file_id: UUID
    owner_id: UUID
    name: str
    size: int
    content_type: str
    sha256: bytes
    purpose: str
    via: UUID | None = None
    verdict: Verdict = Verdict.NONE


@dataclass(frozen=True, slots=True)
class File:
    """A stored file. Its bytes never change, so that `sha256` is also their strong entity tag.

    `public`: anybody may read it. `via` is as in NewFile. `threat` is the scanner's name for what it found.
    """

    file_id: UUID
    owner_id: UUID
    name: str
    size: int
    content_type: str
    sha256: bytes
    purpose: str
    public: bool
    via: UUID | None
    created_at: datetime
    verdict: Verdict = Verdict.NONE
    threat: str = ""


@dataclass(frozen=True, slots=True)
class HeldBlob:
    """A run of a holder's bytes: `size` of them from `start`, stored under `storage_key`."""

    storage_key: str
    start: int
    size: int
    sha256: bytes
