"""What clients send and see."""

import hashlib
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import msgspec

from file_service.domain.file import File
from file_service.domain.uploads import Upload
from file_service.domain.verdicts import Verdict
from file_service.pictures.specification import (
    DEFAULT_QUALITY,
    MOST_SIDE,
    AvatarSize,
    Fit,
    Format,
    Specification,
    specification,
)


class UploadQuery(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """`name` is the file's name, for a body that is the file itself; `purpose` says what may be stored."""

    name: Annotated[str, msgspec.Meta(max_length=1024)] = ""
    purpose: Annotated[str, msgspec.Meta(max_length=32)] = ""


class NamedUploadQuery(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """`purpose` says what may be stored; the name is in the path."""

    purpose: Annotated[str, msgspec.Meta(max_length=32)] = ""


class FilePatch(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What is absent stays as it is."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=1024)] | msgspec.UnsetType = msgspec.UNSET
    public: bool | msgspec.UnsetType = msgspec.UNSET


class ContentQuery(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """`inline`: to be shown in the browser, if its type can't run anything there."""

    inline: bool = False


Side = Annotated[int, msgspec.Meta(ge=1, le=MOST_SIDE)]


class PictureQuery(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Sides in pixels; one that isn't given follows from the other. `cover` and `contain` need both."""

    width: Side = 0
    height: Side = 0
    fit: Fit = Fit.INSIDE
    format: Format = Format.WEBP
    quality: Annotated[int, msgspec.Meta(ge=1, le=100)] = DEFAULT_QUALITY

    def specification(self) -> Specification:
        """Raises InvalidParameter."""
        return specification(self.width, self.height, self.fit, self.format, self.quality)


class AvatarQuery(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """`size` is the length of a side in pixels."""

    size: AvatarSize = AvatarSize.MEDIUM


class PictureFacts(msgspec.Struct, frozen=True):
    """`owner_id` is null where there is no such file."""

    owner_id: UUID | None
    purpose: str
    ready: bool


class FileView(msgspec.Struct, frozen=True):
    """A stored file; `sha256` is in hexadecimal.

    A `public` one is readable by anybody at `/v1/files/public/{id}`. `via` is the upload link that it came by. `check`
    is what the virus scanner said (`none` where there is none), `threat` its name for what it found.
    """

    id: UUID
    name: str
    size: int
    content_type: str
    sha256: str
    purpose: str
    created_at: Annotated[datetime, msgspec.Meta(tz=True)]
    public: bool = False
    via: UUID | None = None
    check: Verdict = Verdict.NONE
    threat: str | None = None


def present(file: File) -> FileView:
    return FileView(
        id=file.file_id,
        name=file.name,
        size=file.size,
        content_type=file.content_type,
        sha256=file.sha256.hex(),
        purpose=file.purpose,
        created_at=file.created_at.astimezone(UTC),
        public=file.public,
        via=file.via,
        check=file.verdict,
        threat=file.threat or None,
    )


class ReportedFileView(msgspec.Struct, frozen=True):
    """What an administrator sees of anybody's file. `shares` are those that lead to it now."""

    owner_id: UUID
    shares: int
    file: FileView


def present_reported(file: File, shares: int) -> ReportedFileView:
    return ReportedFileView(file.owner_id, shares, present(file))


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
    """Tell versions of the view apart: by what may change, as the bytes never do."""
    changing = f"{'public' if file.public else 'private'} {file.verdict} {file.name}".encode()
    return f"{file.file_id.hex}-{hashlib.sha256(changing).hexdigest()[:16]}"
