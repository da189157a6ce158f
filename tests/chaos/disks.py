"""Small disks of their own for a stack, so that one can be full: in memory, made and unmounted by root alone."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_PIECE = 65_536


@dataclass(frozen=True, slots=True)
class Disk:
    path: Path

    @property
    def _ballast(self) -> Path:
        return self.path / ".ballast"

    def fill(self) -> None:
        """Leave not one byte."""
        with self._ballast.open("ab", buffering=0) as file:
            for size in (_PIECE, 1):
                try:
                    while file.write(b"\0" * size):
                        pass
                except OSError:  # no room for that much
                    continue

    def clear(self) -> None:
        self._ballast.unlink(missing_ok=True)


def can_mount() -> bool:
    return sys.platform == "linux" and os.geteuid() == 0


@contextmanager
def small_disk(path: Path, megabytes: int, mode: str) -> Iterator[Disk]:
    """Mount one at the path until the block ends."""
    path.mkdir(parents=True, exist_ok=True)
    options = f"size={megabytes}m,mode={mode}"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "colonnade-chaos", path], check=True)
    try:
        yield Disk(path)
    finally:
        subprocess.run(["umount", "--lazy", path], check=True)
