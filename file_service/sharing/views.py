"""What clients send and see of links."""

from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from file_service.domain.purposes import Purpose
from file_service.domain.sharing import LONGEST_PASSWORD, Share, SharedFile, UploadLink
from file_service.domain.uploads import Upload

_DAY = 86_400
_YEAR = 365 * _DAY
_MIB = 1024**2
Moment = Annotated[datetime, msgspec.Meta(tz=True)]
Disposition = Literal["attachment", "inline"]
Lifetime = Annotated[int, msgspec.Meta(ge=1, le=_YEAR)]  # seconds
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]


class ShareRequest(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """`expires_in` is in seconds, a week unless given; `once`: for one download."""

    expires_in: Lifetime = 7 * _DAY
    once: bool = False
    password: Annotated[str, msgspec.Meta(min_length=6, max_length=LONGEST_PASSWORD)] | None = None
    download_name: Name | None = None
    disposition: Disposition = "attachment"


class ShareView(msgspec.Struct, frozen=True):
    """A link's secret isn't in it: nobody can tell that again."""

    id: UUID
    file_id: UUID
    expires_at: Moment
    once: bool
    spent_at: Moment | None
    has_password: bool
    download_name: str | None
    disposition: Disposition
    is_over: bool
    created_at: Moment


class NewShareView(ShareView, frozen=True):
    """`url` is a page for people, `content_url` the bytes. Both hold the secret, and are told this once."""

    url: str
    content_url: str


class SharedFileView(msgspec.Struct, frozen=True):
    """What whoever has a link may know of the file."""

    name: str
    size: int
    content_type: str
    needs_password: bool
    once: bool
    expires_at: Moment


class SignedUrlRequest(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """`expires_in` is in seconds, an hour unless given, a week at most."""

    expires_in: Annotated[int, msgspec.Meta(ge=1, le=7 * _DAY)] = 3600
    download_name: Name | None = None
    disposition: Disposition = "attachment"


class SignedUrlView(msgspec.Struct, frozen=True):
    url: str
    expires_at: Moment


class UploadLinkRequest(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """`expires_in` is in seconds, a week unless given; `note` is shown to whoever has the link."""

    expires_in: Lifetime = 7 * _DAY
    max_files: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 10
    max_bytes: Annotated[int, msgspec.Meta(ge=1, le=2**50)] = 1024 * _MIB
    purpose: Annotated[str, msgspec.Meta(max_length=32)] = ""
    note: Annotated[str, msgspec.Meta(max_length=500)] = ""


class UploadLinkView(msgspec.Struct, frozen=True):
    """`files` and `bytes` are what came by it so far. Its secret isn't in it: nobody can tell that again."""

    id: UUID
    purpose: str
    note: str
    max_files: int
    max_bytes: int
    files: int
    bytes: int
    expires_at: Moment
    is_over: bool
    created_at: Moment


class NewUploadLinkView(UploadLinkView, frozen=True):
    """`url` is a page for people, and is told this once; programs send to `/v1/files/drop/{token}`, its last part."""

    url: str


class DropView(msgspec.Struct, frozen=True):
    """What may still be sent by a link; `types` are patterns as `image/*`."""

    note: str
    types: tuple[str, ...]
    max_file_bytes: int
    files_left: int
    bytes_left: int
    expires_at: Moment


class DropQuery(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """`name` is the file's name, for a body that is the file itself."""

    name: Annotated[str, msgspec.Meta(max_length=1024)] = ""


class DroppedView(msgspec.Struct, frozen=True):
    """What its sender learns of a file, which is another's now; `sha256` is in hexadecimal."""

    name: str
    size: int
    content_type: str
    sha256: str


class DropUploadView(msgspec.Struct, frozen=True):
    """A resumable upload by a link, of which `offset` bytes are kept; `expires_at` is null once it is finished."""

    name: str
    offset: int
    size: int | None
    finished: bool
    expires_at: Moment | None


def present_drop_upload(upload: Upload) -> DropUploadView:
    expires_at = None if upload.is_finished else upload.expires_at.astimezone(UTC)
    return DropUploadView(upload.name, upload.received, upload.length, upload.is_finished, expires_at)


def present_share(share: Share) -> ShareView:
    return ShareView(
        id=share.share_id,
        file_id=share.file_id,
        expires_at=share.expires_at.astimezone(UTC),
        once=share.once,
        spent_at=share.spent_at.astimezone(UTC) if share.spent_at is not None else None,
        has_password=share.password_hash is not None,
        download_name=share.download_name,
        disposition="inline" if share.inline else "attachment",
        is_over=share.is_over,
        created_at=share.created_at.astimezone(UTC),
    )


def present_new_share(share: Share, url: str, content_url: str) -> NewShareView:
    return NewShareView(**msgspec.structs.asdict(present_share(share)), url=url, content_url=content_url)


def present_shared_file(shared: SharedFile) -> SharedFileView:
    share = shared.share
    return SharedFileView(
        name=shared.name,
        size=shared.file.size,
        content_type=shared.file.content_type,
        needs_password=share.password_hash is not None,
        once=share.once,
        expires_at=share.expires_at.astimezone(UTC),
    )


def present_upload_link(link: UploadLink) -> UploadLinkView:
    return UploadLinkView(
        id=link.link_id,
        purpose=link.purpose,
        note=link.note,
        max_files=link.max_files,
        max_bytes=link.max_bytes,
        files=link.files,
        bytes=link.bytes,
        expires_at=link.expires_at.astimezone(UTC),
        is_over=link.is_over,
        created_at=link.created_at.astimezone(UTC),
    )


def present_drop(link: UploadLink, purpose: Purpose, max_bytes: int) -> DropView:
    return DropView(
        note=link.note,
        types=purpose.types,
        max_file_bytes=purpose.largest(max_bytes),
        files_left=link.max_files - link.files,
        bytes_left=link.room,
        expires_at=link.expires_at.astimezone(UTC),
    )


def present_new_upload_link(link: UploadLink, url: str) -> NewUploadLinkView:
    return NewUploadLinkView(**msgspec.structs.asdict(present_upload_link(link)), url=url)
