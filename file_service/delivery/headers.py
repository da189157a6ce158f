"""What a download says of itself. Whatever a file is, no browser shows, sniffs or runs it in our origin."""

import base64
from datetime import UTC, datetime
from email.utils import format_datetime

from file_service.delivery.manner import Manner
from file_service.disposition import attachment, inline
from file_service.domain.file import File


def validators(file: File, manner: Manner) -> dict[str, str]:
    """Return what a cache goes by, also sent with 304."""
    return {
        "ETag": f'"{file.sha256.hex()}"',
        "Last-Modified": format_datetime(last_modified(file), usegmt=True),
        "Cache-Control": manner.cache_control,
    }


def download_headers(file: File, manner: Manner) -> dict[str, str]:
    name = manner.name or file.name
    digest = base64.b64encode(file.sha256).decode()
    return validators(file, manner) | {
        "Accept-Ranges": "none" if manner.spend else "bytes",
        "Content-Type": file.content_type,
        "Content-Disposition": inline(name) if manner.shows(file.content_type) else attachment(name),
        "Content-Security-Policy": manner.policy(file.content_type),
        "X-Content-Type-Options": "nosniff",
        "Repr-Digest": f"sha-256=:{digest}:",  # RFC 9530: of the whole file, also beside a part of it
    }


def last_modified(file: File) -> datetime:
    """HTTP's dates have whole seconds."""
    return file.created_at.astimezone(UTC).replace(microsecond=0)
