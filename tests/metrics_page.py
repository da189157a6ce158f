"""docs/metrics.md as tests read it: what each program is said to tell."""

import re
from dataclasses import dataclass

from tests.stores import ROOT

PROGRAMS = ("gateway", "auth_service", "user_service", "file_service")
_WORKERS = "With several workers"
_ROW = re.compile(r"\| `(?P<name>\w+)` \| (?P<kind>\w+) \| (?P<labels>[^|]*)\| (?P<answer>[^|]+) \|")


@dataclass(frozen=True, slots=True)
class Row:
    """A metric; `section` is the heading that it stands under."""

    section: str
    name: str
    kind: str
    labels: frozenset[str]

    def is_of(self, program: str) -> bool:
        """Tell whether a single process of this program tells it."""
        return self.section == "Every program" or program in self.section


def read_rows() -> list[Row]:
    rows, section = [], ""
    for line in (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            section = line.lstrip("# ")
        elif found := _ROW.fullmatch(line):
            labels = frozenset(re.findall(r"`(\w+)`", found["labels"]))
            rows.append(Row(section, found["name"], found["kind"], labels))
        else:
            assert not line.startswith("| `"), f"not a row: {line}"
    return rows


def of_workers(rows: list[Row]) -> list[Row]:
    return [row for row in rows if row.section == _WORKERS]
