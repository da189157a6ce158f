"""What clients send and see."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import msgspec

from file_service.domain.file import File
from file_service.domain.uploads import Upload


class UploadQuery(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """`name` is the file's name, for a body that is the file itself; `purpose` says what may be stored."""

    name: Annotated[str, msgspec.Meta(max_length=1024)] = ""
    purpose: Annotated[str, msgspec.Meta(max_length=32)] = ""


class FileView(msgspec.Struct, frozen=True):
    """A stored file; `sha256` is in hexadecimal."""

    id: UUID
    name: str
    size: int
    content_type: str
    sha256: str
    purpose: str
    created_at: Annotated[datetime, msgspec.Meta(tz=True)]


def present(file: File) -> FileView:
    created_at = file.created_at.astimezone(UTC)
    return FileView(file.file_id, file.name, file.size, file.content_type, file.sha256.hex(), file.purpose, created_at)


class UploadView(msgspec.Struct, frozen=True):
    """A resumable upload, of which `offset` bytes are kept. `id` is that of the file once it is `finished`.

    `size` is null as long as it isn't known, `expires_at` once it is finished.
    """

    id: UUID
    name: str
    purpose: str
    offset: int
    size: int | None
    finished: bool
    expires_at: Annotated[datetime, msgspec.Meta(tz=True)] | None


class UsageView(msgspec.Struct, frozen=True):
    """In bytes, but for `files`. What unfinished uploads have `reserved` counts against the quota too."""

    bytes: int
    reserved: int
    quota: int
    files: int


def present_upload(upload: Upload) -> UploadView:
    return UploadView(
        id=upload.upload_id,
        name=upload.name,
        purpose=upload.purpose,
        offset=upload.received,
        size=upload.length,
        finished=upload.is_finished,
        expires_at=None if upload.is_finished else upload.expires_at.astimezone(UTC),
    )


def metadata_etag(file: File) -> str:
    """Tell versions of the view apart. The bytes never change, so that it follows from what may."""
    return f"{file.file_id.hex}-{file.sha256.hex()[:16]}"
