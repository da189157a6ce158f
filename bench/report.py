"""What a measurement says: tables and targets, as text for a terminal and as Markdown."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.chart import Bar, draw
from bench.machine import describe
from bench.processes import ROOT

_RESULTS = ROOT / "bench" / "results"


@dataclass(frozen=True, slots=True)
class Table:
    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]

    def text(self) -> str:
        lines = [self.columns, *self.rows]
        widths = [max(len(line[column]) for line in lines) for column in range(len(self.columns))]
        shown = ["  ".join(_cells(line, widths)).rstrip() for line in lines]
        return "\n".join((self.title, *shown))

    def markdown(self) -> str:
        rule = ["---", *("---:" for _ in self.columns[1:])]
        lines = [f"| {' | '.join(line)} |" for line in (self.columns, rule, *self.rows)]
        return "\n".join((f"**{self.title}**", "", *lines))


def _cells(line: Sequence[str], widths: Sequence[int]) -> list[str]:
    first, *others = zip(line, widths, strict=True)
    return [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)]


@dataclass(frozen=True, slots=True)
class Target:
    """A figure and its bound: at most it, or at least it where `at_least`."""

    what: str
    figure: float
    bound: float
    at_least: bool = False

    @property
    def met(self) -> bool:
        return self.figure >= self.bound if self.at_least else self.figure <= self.bound

    def row(self) -> tuple[str, ...]:
        bound = f"{'at least' if self.at_least else 'at most'} {self.bound:g}"
        return (self.what, f"{self.figure:.3g}", bound, "met" if self.met else "MISSED")


@dataclass(frozen=True, slots=True)
class Section:
    """`notes` say what was left out, and why. `broken`: it couldn't be measured, so its targets count as missed."""

    tables: Sequence[Table] = ()
    targets: Sequence[Target] = ()
    notes: Sequence[str] = ()
    chart: Sequence[Bar] = ()
    broken: bool = False


def targets_table(sections: Sequence[Section]) -> Table:
    rows = [target.row() for section in sections for target in section.targets]
    return Table("Targets", ("figure", "measured", "target", ""), rows)


def missed(sections: Sequence[Section]) -> bool:
    return any(section.broken or not all(target.met for target in section.targets) for section in sections)


def text(section: Section) -> str:
    notes = [f"({note})" for note in section.notes]
    return "\n\n".join((*(table.text() for table in section.tables), *notes))


def save(name: str, sections: Sequence[Section], *, readme: bool) -> None:
    """Write bench/results/NAME.md and its picture; print what the README shows, and renew it there if asked to."""
    _RESULTS.mkdir(exist_ok=True)
    parts = [f"![CPU per request]({name}.svg)"] if _draw(name, sections) else []
    parts += [table.markdown() for section in sections for table in section.tables]
    parts += [f"({note})" for section in sections for note in section.notes]
    content = "\n\n".join((*parts, targets_table(sections).markdown()))
    (_RESULTS / f"{name}.md").write_text(f"# bench-{name}: the last results\n\n{describe()}\n\n{content}\n")
    short = "\n\n".join((describe(), sections[0].tables[0].markdown(), targets_table(sections).markdown()))
    print("\n" + short)
    if readme:
        insert(ROOT / "README.md", f"bench-{name}", short)


def _draw(name: str, sections: Sequence[Section]) -> bool:
    bars = [bar for section in sections for bar in section.chart]
    if bars:
        (_RESULTS / f"{name}.svg").write_text(draw("CPU per request, microseconds", bars))
    return bool(bars)


def insert(path: Path, name: str, content: str) -> None:
    """Replace what stands between the comments `<!-- NAME -->` and `<!-- /NAME -->`."""
    before, opening, rest = path.read_text().partition(f"<!-- {name} -->\n")
    _, closing, after = rest.partition(f"<!-- /{name} -->")
    if not closing:
        raise SystemExit(f"{path.name} has no place for {name}")
    path.write_text(f"{before}{opening}{content}\n{closing}{after}")
