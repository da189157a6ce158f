"""What a download says of itself. Whatever a file is, no browser shows, sniffs or runs it in our origin."""

import base64
from datetime import UTC, datetime
from email.utils import format_datetime

from file_service.disposition import attachment
from file_service.domain.file import File


def validators(file: File) -> dict[str, str]:
    """Return what a cache may keep, also sent with 304. A file may be deleted any time, so it asks each time."""
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


def last_modified(file: File) -> datetime:
    """HTTP's dates have whole seconds."""
    return file.created_at.astimezone(UTC).replace(microsecond=0)
