"""What a file may unpack to, judged by what its header says. Nothing is unpacked for that."""

from dataclasses import dataclass
from functools import partial

from file_service.domain.file import NewFile
from file_service.errors import ArchiveBomb, PixelBomb, UnreadableArchive
from file_service.inspection.extensions import extension_of
from file_service.inspection.headers.archives import archive_reader
from file_service.inspection.headers.drive import Read, run
from file_service.inspection.headers.pictures import READERS
from file_service.inspection.headers.reading import NotReadable, TooIntricate
from file_service.inspection.headers.zip import read_zip

_HEAD = 16
_FRAMES_ROOM = 4  # all frames together may have so many times what one may
_RATIO_FROM = 100 * 1024**2  # bytes; what unpacks to less is no bomb, however well it was packed
# What shows by its signature, or for lack of one, that it is no archive and no picture.
_NEITHER = ("text/", "audio/", "video/", "font/", "application/octet-stream", "application/pdf", "application/json")


@dataclass(frozen=True, slots=True)
class Bounds:
    """Of an archive: bytes `unpacked`, their `ratio` to those packed, `entries`. Of a picture: `pixels` of a frame."""

    unpacked: int
    ratio: int
    entries: int
    pixels: int


def may_hold_a_bomb(new: NewFile) -> bool:
    """Tell whether a file is worth reading: most of what is uploaded isn't."""
    return _is_named_zip(new) or not new.content_type.startswith(_NEITHER)


async def require_harmless(new: NewFile, read: Read, bounds: Bounds) -> None:
    """Raises ArchiveBomb, UnreadableArchive or PixelBomb. What tells nothing of itself passes."""
    if new.content_type in READERS:
        await _require_small_picture(new, read, bounds)
    else:
        await _require_small_archive(new, read, bounds)


def _is_named_zip(new: NewFile) -> bool:
    return extension_of(new.name) == "zip"


async def _require_small_picture(new: NewFile, read: Read, bounds: Bounds) -> None:
    try:
        found = await run(READERS[new.content_type](new.size), read)
    except NotReadable:
        return  # nor will anybody else see a picture in it
    except TooIntricate as exc:
        raise PixelBomb("It has more parts than can be counted.") from exc
    if found.pixels > bounds.pixels:
        raise PixelBomb(f"The picture is {found.width} x {found.height}; it may have {bounds.pixels} pixels.")
    if found.pixels * found.frames > bounds.pixels * _FRAMES_ROOM:
        raise PixelBomb(f"Its {found.frames} frames may have {bounds.pixels * _FRAMES_ROOM} pixels together.")


async def _require_small_archive(new: NewFile, read: Read, bounds: Bounds) -> None:
    """Unpackers find a ZIP by its end, and open it whatever stands before it, as in a program that unpacks itself: so
    what is named as one is read as one.
    """
    shown = archive_reader(await read(0, _HEAD), bounds.entries)
    reader = shown or (partial(read_zip, most_entries=bounds.entries) if _is_named_zip(new) else None)
    if reader is None:
        return
    try:
        found = await run(reader(new.size), read)
    except NotReadable as exc:
        if shown is None:
            return  # the last part of a split one, perhaps
        raise UnreadableArchive(f"Its directory contradicts itself: {exc}.") from exc
    except TooIntricate as exc:
        raise ArchiveBomb("It has more parts than can be counted.") from exc
    if found.entries > bounds.entries:
        raise ArchiveBomb(f"It has {found.entries} entries; it may have {bounds.entries}.")
    if found.unpacked > bounds.unpacked:
        raise ArchiveBomb(f"It unpacks to {found.unpacked} bytes; that may be {bounds.unpacked}.")
    if found.unpacked > _RATIO_FROM and found.unpacked > bounds.ratio * new.size:
        raise ArchiveBomb(f"It unpacks to more than {bounds.ratio} times its size.")
