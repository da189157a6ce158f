"""What a download says of itself. Whatever a file is, no browser shows, sniffs or runs it in our origin."""

import base64
from datetime import UTC, datetime
from email.utils import format_datetime

from file_service.disposition import attachment
from file_service.domain.file import File

VALIDATORS = ("ETag", "Last-Modified", "Cache-Control")  # what a 304 says too
_PICTURE_SECONDS = 300  # that a picture may be shown after its file is gone


def validators(file: File) -> dict[str, str]:
    """Return what a cache may keep. A file may be deleted any time, so it asks each time."""
    return {
        "ETag": f'"{file.sha256.hex()}"',
        "Last-Modified": format_datetime(last_modified(file), usegmt=True),
        "Cache-Control": "private, no-cache",
    }


def download_headers(file: File) -> dict[str, str]:
    digest = base64.b64encode(file.sha256).decode()
    return validators(file) | {
        "Accept-Ranges": "bytes",
        "Content-Type": file.content_type,
        "Content-Disposition": attachment(file.name),
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
        "Repr-Digest": f"sha-256=:{digest}:",  # RFC 9530: of the whole file, also beside a part of it
    }


def picture_headers(picture: File, *, public: bool) -> dict[str, str]:
    """We made it ourselves of pixels alone, so a browser may show it, as that and as nothing else."""
    return download_headers(picture) | {
        "Cache-Control": f"{'public' if public else 'private'}, max-age={_PICTURE_SECONDS}",
        "Content-Disposition": attachment(picture.name).replace("attachment", "inline", 1),
    }


def last_modified(file: File) -> datetime:
    """HTTP's dates have whole seconds."""
    return file.created_at.astimezone(UTC).replace(microsecond=0)
