from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ArchiveContents:
    """What an archive says of itself: its entries, their bytes unpacked and packed."""

    entries: int
    unpacked: int
    packed: int
