"""A ZIP archive that is sent while it is made: only the piece at hand and the list of entries are in memory.

zipfile writes to what can't be seeked, with lengths and checksums behind each entry; all are in the ZIP64 form, since
nobody knows beforehand how long an entry will be.
"""

import zipfile
from collections.abc import AsyncGenerator, AsyncIterable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime

_PRIVATE = 0o600 << 16  # whoever unpacks it shares it with nobody
_UNIX = 3
_EARLIEST = (1980, 1, 1, 0, 0, 0)  # that the format can say


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of the archive. `text` is made small; everything else is stored as it is."""

    name: str
    made_at: datetime
    chunks: AsyncIterable[bytes]
    text: bool = False


async def archive(entries: AsyncGenerator[Entry, None]) -> AsyncGenerator[bytes, None]:
    """Yield the archive's bytes piece by piece. What `entries` and their chunks raise leaves it without an end."""
    out = _Buffer()
    packed = zipfile.ZipFile(out, "w")  # not closed on a failure: half an archive must not look whole
    async with aclosing(entries):
        async for entry in entries:
            with packed.open(_head(entry), "w", force_zip64=True) as content:
                yield out.take()
                async for chunk in entry.chunks:
                    content.write(chunk)
                    if piece := out.take():
                        yield piece
            yield out.take()
    packed.close()
    yield out.take()


def _head(entry: Entry) -> zipfile.ZipInfo:
    head = zipfile.ZipInfo(entry.name, max(_EARLIEST, entry.made_at.astimezone(UTC).timetuple()[:6]))
    head.compress_type = zipfile.ZIP_DEFLATED if entry.text else zipfile.ZIP_STORED
    head.create_system, head.external_attr = _UNIX, _PRIVATE
    return head


class _Buffer:
    """What zipfile takes for a file: it has no position, so nothing is ever rewritten."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, piece: bytes) -> int:
        self._pieces.append(bytes(piece))
        return len(piece)

    def flush(self) -> None:
        """There is nothing behind it."""

    def close(self) -> None:
        """There is nothing to close."""

    def take(self) -> bytes:
        """Return what was written since the last time."""
        taken = b"".join(self._pieces)
        self._pieces.clear()
        return taken
