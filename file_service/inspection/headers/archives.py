"""How much an archive says it unpacks to, by its format, as far as that can be told without unpacking it.

bzip2 tells nothing. 7z and RAR pack their own headers. What lies packed within an archive isn't looked into.
"""

from collections.abc import Callable
from functools import partial

from file_service.inspection.headers.contents import ArchiveContents
from file_service.inspection.headers.reading import Reading
from file_service.inspection.headers.streams import read_gzip, read_xz, read_zstd
from file_service.inspection.headers.zip import read_zip

_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_STREAMS: tuple[tuple[bytes, Callable[[int], Reading[ArchiveContents]]], ...] = (
    (b"\x1f\x8b", read_gzip),
    (b"\xfd7zXZ\x00", read_xz),
    (b"\x28\xb5\x2f\xfd", read_zstd),
)


def archive_reader(head: bytes, most_entries: int) -> Callable[[int], Reading[ArchiveContents]] | None:
    """Return what reads an archive that begins with `head`, and walks through no more than `most_entries`."""
    if head.startswith(_ZIP):
        return partial(read_zip, most_entries=most_entries)
    return next((reader for signature, reader in _STREAMS if head.startswith(signature)), None)
