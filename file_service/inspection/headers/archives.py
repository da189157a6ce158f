"""How much an archive says it unpacks to, by its format, as far as that can be told without unpacking it.

bzip2 tells nothing. 7z and RAR pack their own headers. What lies packed within an archive isn't looked into.
"""

from collections.abc import Callable

from file_service.inspection.headers.contents import ArchiveContents
from file_service.inspection.headers.reading import Reading
from file_service.inspection.headers.streams import read_gzip, read_xz, read_zstd
from file_service.inspection.headers.zip import read_zip

_SIGNATURES: tuple[tuple[bytes, Callable[[int], Reading[ArchiveContents]]], ...] = (
    (b"PK\x03\x04", read_zip),
    (b"PK\x05\x06", read_zip),
    (b"PK\x07\x08", read_zip),
    (b"\x1f\x8b", read_gzip),
    (b"\xfd7zXZ\x00", read_xz),
    (b"\x28\xb5\x2f\xfd", read_zstd),
)


def archive_reader(head: bytes) -> Callable[[int], Reading[ArchiveContents]] | None:
    """Return what reads an archive that begins with `head`."""
    return next((reader for signature, reader in _SIGNATURES if head.startswith(signature)), None)
