"""Links for people without an account: to read one file, and to send files to somebody."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from file_service.domain.file import File

SHARE_LABEL, UPLOAD_LABEL = "cols_", "cold_"  # what their secrets begin with
MOST_SHARES, MOST_UPLOAD_LINKS = 100, 100  # that one file, and one owner, has at a time
MOST_GUESSES = 10  # wrong passwords of a share, by whomever, in
GUESSES_WITHIN = timedelta(hours=1)
LONGEST_PASSWORD = 200  # characters


@dataclass(frozen=True, slots=True)
class NewShare:
    """`token_digest` is of the secret. `download_name` is None where the file's own name will do."""

    share_id: UUID
    file_id: UUID
    token_digest: bytes
    password_hash: str | None
    download_name: str | None
    inline: bool
    once: bool
    lifetime: timedelta


@dataclass(frozen=True, slots=True)
class Share:
    """`is_over`: it has expired, or was for one download and is spent."""

    share_id: UUID
    file_id: UUID
    password_hash: str | None
    download_name: str | None
    inline: bool
    once: bool
    expires_at: datetime
    spent_at: datetime | None
    created_at: datetime
    is_over: bool


@dataclass(frozen=True, slots=True)
class SharedFile:
    share: Share
    file: File

    @property
    def name(self) -> str:
        return self.share.download_name or self.file.name


@dataclass(frozen=True, slots=True)
class NewUploadLink:
    link_id: UUID
    owner_id: UUID
    token_digest: bytes
    purpose: str
    note: str
    max_files: int
    max_bytes: int
    lifetime: timedelta


@dataclass(frozen=True, slots=True)
class UploadLink:
    """`files` and `bytes` are what came by it, whatever became of it since."""

    link_id: UUID
    owner_id: UUID
    purpose: str
    note: str
    max_files: int
    max_bytes: int
    files: int
    bytes: int
    expires_at: datetime
    created_at: datetime
    has_expired: bool

    @property
    def is_over(self) -> bool:
        return self.has_expired or self.files >= self.max_files

    @property
    def room(self) -> int:
        return self.max_bytes - self.bytes
