"""What a form takes in: which kinds of files, as people say it and as a file input does, and how large."""

import re
from dataclasses import dataclass
from typing import Self

from file_service.domain.purposes import Purpose

_ANYTHING = frozenset(("*", "*/*"))
_OFFICE = "application/vnd.openxmlformats-officedocument."
_NAMES = {
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/webp": "WebP",
    "image/gif": "GIF",
    "image/avif": "AVIF",
    "image/heic": "HEIC",
    "image/tiff": "TIFF",
    "image/svg+xml": "SVG",
    "audio/mpeg": "MP3",
    "audio/flac": "FLAC",
    "video/mp4": "MP4",
    "video/webm": "WebM",
    "text/csv": "CSV",
    "application/json": "JSON",
    "application/pdf": "PDF",
    "application/zip": "ZIP",
    "application/msword": "Word",
    f"{_OFFICE}wordprocessingml.document": "Word",
    f"{_OFFICE}spreadsheetml.sheet": "Excel",
    f"{_OFFICE}presentationml.presentation": "PowerPoint",
}
WORDS = {
    "image/*": "pictures",
    "audio/*": "recordings",
    "video/*": "videos",
    "text/*": "texts",
    "text/plain": "plain text",
}
# What `accept` can say (HTML, 4.10.5.1.17). A pattern of another kind would have browsers hide what may be sent.
_ACCEPTABLE = re.compile(r"(image|audio|video)/\*|[a-z0-9.+-]+/[a-z0-9.+-]+")


@dataclass(frozen=True, slots=True)
class Takes:
    """`kinds` are in English, for `_`, and none where every kind is taken; `accept` is empty where it can't say it.

    `largest` is in bytes.
    """

    kinds: tuple[str, ...]
    accept: str
    largest: int

    @classmethod
    def of(cls, purpose: Purpose, largest: int) -> Self:
        if _ANYTHING & set(purpose.types):
            return cls((), "", largest)
        kinds = dict.fromkeys(WORDS.get(each) or _NAMES.get(each, each) for each in purpose.types)
        is_acceptable = all(map(_ACCEPTABLE.fullmatch, purpose.types))
        return cls(tuple(kinds), ",".join(purpose.types) if is_acceptable else "", largest)
