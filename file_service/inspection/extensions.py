"""What the extension of a name promises of the content (ASVS 5.0, 5.2.2), for types that everybody knows.

Types are compared by what opens them: a WebP that is named .jpg is a picture as promised, as every viewer looks at the
bytes; a web page that is named so is none. What isn't listed promises nothing.
"""

import re
from dataclasses import dataclass

from file_service.errors import ExtensionMismatch
from file_service.inspection.content_types import GZIPPED, OFFICE, UNKNOWN, ZIPPED, is_recognised, is_textual

_KINDS = {
    "picture": re.compile(r"image/(?!svg\+xml$).+"),
    "media": re.compile(r"(audio|video)/.+|application/(ogg|mp4|mxf)"),
    "pdf": re.compile(r"application/pdf"),
    "zip": re.compile(f"application/zip|{ZIPPED}"),
    "document": re.compile(OFFICE),  # whatever it is packed in
    "gzip": re.compile(f"application/gzip|{GZIPPED}"),
    "7z": re.compile(r"application/x-7z-compressed"),
    "rar": re.compile(r"application/x-rar-compressed"),
    "xz": re.compile(r"application/x-xz"),
    "bzip2": re.compile(r"application/x-bzip2"),
    "zstd": re.compile(r"application/zstd"),
    # A few letters, which a text may begin with too (BM, MZ, GIF, SQLi), or quote further in.
    "letters": re.compile(r"image/(bmp|gif)|audio/.+|application/(pdf|x-msdownload|x-sqlite3|x-bzip2|x-lzip)"),
}
_TEXT, _OTHER = "text", "other"


@dataclass(frozen=True, slots=True)
class Promise:
    """`shows`: content of these kinds always shows by its first bytes; else what shows nothing may be it too."""

    kinds: frozenset[str]
    shows: bool


def _promises(extensions: str, *kinds: str, shows: bool = True) -> dict[str, Promise]:
    return dict.fromkeys(extensions.split(), Promise(frozenset(kinds), shows))


_PROMISES = {
    **_promises("jpg jpeg png gif webp bmp tif tiff ico jxl", "picture", shows=False),  # or of a newer kind
    **_promises("heic heif avif", "picture", "media", shows=False),  # the same container as films
    **_promises("mp3 m4a aac flac wav oga ogg opus mp4 m4v mov webm mkv avi mpg mpeg", "media", shows=False),
    **_promises("pdf", "pdf"),
    **_promises("epub", "zip", "document"),
    **_promises("zip", "zip", "document", shows=False),  # the last part of one begins with anything
    **_promises("docx xlsx pptx docm xlsm pptm odt ods odp", "zip", "document"),  # or, with a password, as the old ones
    **_promises("doc xls ppt", "document", "zip", _TEXT, shows=False),  # what offices export under these names
    **_promises("gz tgz", "gzip"),
    **_promises("7z", "7z"),
    **_promises("rar", "rar"),
    **_promises("xz", "xz"),
    **_promises("bz2", "bzip2"),
    **_promises("zst", "zstd"),
    **_promises(
        "txt md csv tsv log json xml html htm xhtml svg css js mjs yaml yml toml ini rtf eml ics vcf",
        _TEXT,
        "letters",
        shows=False,
    ),
}


def extension_of(name: str) -> str:
    """Return it in lower case, without its dot; empty where there is none, as in `.pdf`, which is hidden under Unix."""
    stem, _, extension = name.rpartition(".")
    return extension.lower() if stem else ""


def require_fitting_extension(name: str, content_type: str) -> None:
    """Raises ExtensionMismatch where `name` promises another type than the content was found to be."""
    extension, kinds = extension_of(name), _kinds_of(content_type)
    promise = _PROMISES.get(extension)
    if promise is None or kinds & promise.kinds or not (kinds or promise.shows):
        return
    found = content_type if content_type != UNKNOWN else "of no type that can be told"
    raise ExtensionMismatch(f"The name ends in .{extension}, and the content is {found}: name it for what it is.")


def _kinds_of(content_type: str) -> set[str]:
    """Return none for what shows nothing."""
    kinds = {kind for kind, pattern in _KINDS.items() if pattern.fullmatch(content_type)}
    if kinds:
        return kinds
    if is_textual(content_type):
        return {_TEXT}
    return {_OTHER} if is_recognised(content_type) else set()
