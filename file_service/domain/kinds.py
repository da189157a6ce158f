"""What a person takes a file for, by its media type: which icon it has, and how it may be looked at on a page."""

from enum import StrEnum


class Kind(StrEnum):
    PICTURE = "picture"
    VIDEO = "video"
    AUDIO = "audio"
    TEXT = "text"
    DOCUMENT = "document"
    ARCHIVE = "archive"
    OTHER = "other"


# Only what browsers show without running any of it: no HTML, SVG, XML or PDF.
_PICTURES = ("image/jpeg", "image/png", "image/webp", "image/gif")
_VIDEOS = ("video/mp4", "video/webm", "video/quicktime", "video/x-m4v", "video/ogg")
_AUDIO = "aac flac mp4 mpeg ogg opus wav webm x-flac x-m4a x-wav"
_TEXTS = ("text/plain", "text/csv", "text/markdown", "text/tab-separated-values")
_DATA = "json jsonl sql toml x-ndjson x-subrip x-yaml yaml"
_PLAYED = {
    Kind.PICTURE: _PICTURES,
    Kind.VIDEO: _VIDEOS,
    Kind.AUDIO: tuple(f"audio/{each}" for each in _AUDIO.split()),
    Kind.TEXT: (*_TEXTS, *(f"application/{each}" for each in _DATA.split())),
}
_PREVIEWED = {content_type: kind for kind, types in _PLAYED.items() for content_type in types}
_ARCHIVES = ("zip", "gzip", "x-tar", "x-7z-compressed", "x-bzip2", "x-xz", "zstd", "x-rar", "vnd.rar")
_DOCUMENTS = ("pdf", "rtf", "msword", "epub+zip")
_FAMILIES = {"image": Kind.PICTURE, "video": Kind.VIDEO, "audio": Kind.AUDIO, "text": Kind.TEXT}


def preview_of(content_type: str) -> Kind | None:
    """Return how a page may show such a file; none for what it must not, or can't."""
    return _PREVIEWED.get(content_type)


def kind_of(content_type: str) -> Kind:
    family, _, subtype = content_type.partition("/")
    if content_type in _PREVIEWED:
        return _PREVIEWED[content_type]
    if family == "application" and subtype in _ARCHIVES:
        return Kind.ARCHIVE
    if family == "application" and (subtype in _DOCUMENTS or subtype.startswith("vnd.")):
        return Kind.DOCUMENT
    return _FAMILIES.get(family, Kind.OTHER)
