"""What the drill did, as it goes and in the end, as a table that docs/compose.md can hold."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Row:
    step: str
    outcome: str = ""
    seconds: float = 0.0


@dataclass
class Report:
    rows: list[Row] = field(default_factory=list)

    @contextmanager
    def step(self, name: str) -> Iterator[Row]:
        """Time a step, whose block sets the outcome; one that fails says so, and ends the drill."""
        row, began = Row(name), time.monotonic()
        self.rows.append(row)
        try:
            yield row
        except BaseException as exc:
            row.outcome = f"FAILED: {str(exc) or type(exc).__name__}"
            raise
        finally:
            row.seconds = row.seconds or time.monotonic() - began
            print(f"{row.seconds:7.1f} s  {row.step}: {row.outcome}", flush=True)

    def table(self) -> str:
        lines = ["| step | seconds | outcome |", "| --- | ---: | --- |"]
        lines += [f"| {row.step} | {row.seconds:.1f} | {row.outcome.splitlines()[0][:200]} |" for row in self.rows]
        return "\n".join(lines)
