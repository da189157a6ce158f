"""What a resumable upload is."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Kind(StrEnum):
    """A partial upload never becomes a file by itself: a final one, which takes no bytes, is made of several."""

    WHOLE = "whole"
    PARTIAL = "partial"
    FINAL = "final"


@dataclass(frozen=True, slots=True)
class NewUpload:
    """What its creator says of it. `metadata` is the header as it came, `length` None where it isn't known yet.

    `via` is the upload link that it comes by, if a stranger sends it. `concat` is the header that names a final one's
    parts.
    """

    owner_id: UUID
    name: str
    declared_type: str
    purpose: str
    metadata: str
    kind: Kind
    length: int | None
    via: UUID | None = None
    concat: str | None = None


@dataclass(frozen=True, slots=True)
class Upload:
    """A row as it was read. `received` bytes are durable; `fence` is the latest writer's; `pieces` came so far.

    `concat` is as in NewUpload, but None too for a final one that was made when it wasn't kept.
    """

    upload_id: UUID
    owner_id: UUID
    name: str
    declared_type: str
    purpose: str
    metadata: str
    kind: Kind
    is_finished: bool
    length: int | None
    received: int
    reserved: int
    pieces: int
    fence: int
    head: bytes
    expires_at: datetime
    via: UUID | None
    concat: str | None

    @property
    def is_complete(self) -> bool:
        return self.received == self.length

    @property
    def becomes_a_file(self) -> bool:
        """Whether all is there and only finishing is left to do."""
        return self.is_complete and self.kind is not Kind.PARTIAL and not self.is_finished
