"""What it takes to have a backend at all."""

import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_LONGEST_SECONDS, _PAUSE_SECONDS = 60, 3


@dataclass(frozen=True, slots=True)
class Footprint:
    """`memory` is all processes' PSS in MB, at rest; times are seconds, from the command until all is ready."""

    name: str
    install: float
    on_disk: float
    first_start: float
    next_start: float
    processes: int
    memory: float

    def row(self) -> tuple[str, ...]:
        times = (self.install, self.first_start, self.next_start)
        return (
            self.name,
            f"{self.memory:,.0f} MB",
            f"{self.processes} processes",
            *(f"{seconds:.1f} s" for seconds in times),
            f"{self.on_disk:,.0f} MB",
        )


def settle(look: Callable[[], tuple[int, float]]) -> tuple[int, float]:
    """Wait until memory falls no more, or a minute, and return the last look: what nobody asks anything needs."""
    until = time.monotonic() + _LONGEST_SECONDS
    before = look()
    while time.monotonic() < until:
        time.sleep(_PAUSE_SECONDS)
        now = look()
        if now[1] > before[1] - 0.1:
            return now
        before = now
    return before


def disk_megabytes(folder: Path) -> float:
    told = subprocess.run(["du", "-sk", str(folder)], check=True, capture_output=True, text=True).stdout
    return int(told.split()[0]) * 1024 / 1e6
