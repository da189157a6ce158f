"""`make bench-visit`: what a visit costs, in CPU of all that takes part in it, beside PocketBase.

Gateway, user_service and PostgreSQL with its backends are added up; all run on one core, as PocketBase does.
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from operator import attrgetter
from statistics import median

from bench import report
from bench.machine import describe
from bench.processes import Failed, keep_off_the_measured_core
from bench.report import Section, Table, Target
from bench.visit.colonnade import Colonnade, colonnade
from bench.visit.load import CONNECTIONS, measure
from bench.visit.people import COUNT, FREQUENT, MIDDLING, RARE
from bench.visit.pocketbase import PocketBase, pocketbase
from bench.visit.work import Work
from bench.wrk import Figure, Figures

_ROUNDS, _SECONDS = 5, 1
_FEWEST, _MOST = 48, 5000  # requests of a run
_TERMS = (FREQUENT, MIDDLING, RARE)
_PLACES = {"first page": 0.0, "middle page": 0.5, "last page": 1.0}
_GET, _PATCH, _SEARCH = 0.35, 1.2, 2.0  # milliseconds


@dataclass(slots=True)
class Row:
    """One kind of request: ours and theirs, run in turns."""

    name: str
    most: float
    works: tuple[Work, Work]
    runs: tuple[list[Figures], list[Figures]] = field(default_factory=lambda: ([], []))

    def milliseconds(self, who: int, figure: Figure) -> float:
        return median(map(figure, self.runs[who])) / 1000


def _rows(ours: Colonnade, theirs: PocketBase) -> Iterator[Row]:
    yield Row("GET me", _GET, (ours.get(), theirs.get()))
    yield Row("PATCH me", _PATCH, (ours.patch(), theirs.patch()))
    for term in _TERMS:
        for page, place in _PLACES.items():
            if term is not RARE or place == 0:  # ten fill one page
                works = (ours.search(term, place), theirs.search(term, place))
                yield Row(f"search, {term.what}, {page}", _SEARCH, works)


def visit() -> Section:
    with pocketbase(_TERMS) as theirs, colonnade(_TERMS) as ours:
        rows = list(_rows(ours, theirs))
        for row in rows:
            both = _Turn(ours, row.works[0]), _Turn(theirs, row.works[1])
            for _ in range(_ROUNDS):
                for turn, runs in zip(both, row.runs, strict=True):
                    runs.append(turn.run())
    return Section([_table(rows)], _targets(rows))


class _Turn:
    """Proves that the work is done, warms up, and sees how many requests take about a second."""

    def __init__(self, who: Colonnade | PocketBase, work: Work) -> None:
        work.prove(who.port)
        self._who = who
        self._requests = work.requests
        first = measure(who.port, work.requests, _FEWEST, who.pids)
        second = measure(who.port, work.requests, round(min(max(first.rate, _FEWEST), _MOST)), who.pids)
        self._count = round(min(max(second.rate * _SECONDS, _FEWEST), _MOST))

    def run(self) -> Figures:
        return measure(self._who.port, self._requests, self._count, self._who.pids)


_cpu, _p99 = attrgetter("cpu"), attrgetter("p99")
_PARTS: tuple[Figure, ...] = (lambda run: run.each[0], lambda run: run.each[1], lambda run: run.each[2])


def _table(rows: list[Row]) -> Table:
    columns = ("", "CPU ms", "gateway", "service", "PostgreSQL", "p99 ms", "PocketBase: CPU ms", "p99 ms")
    lines = [
        (
            row.name,
            f"{row.milliseconds(0, _cpu):.2f}",
            *(f"{row.milliseconds(0, part):.2f}" for part in _PARTS),
            f"{row.milliseconds(0, _p99):.1f}",
            f"{row.milliseconds(1, _cpu):.2f}",
            f"{row.milliseconds(1, _p99):.1f}",
        )
        for row in rows
    ]
    title = f"CPU per request, {COUNT:,} profiles, {CONNECTIONS} connections; medians of {_ROUNDS} runs in turn"
    return Table(title, columns, lines)


def _targets(rows: list[Row]) -> list[Target]:
    get, patch, *searches = rows
    worst = max(searches, key=lambda row: row.milliseconds(0, _cpu))
    return [Target(f"{row.name}, CPU ms", row.milliseconds(0, _cpu), row.most) for row in (get, patch, worst)]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.visit", description=__doc__)
    parser.add_argument("--check", action="store_true", help="exit with 1 where a target is missed")
    parser.add_argument("--save", action="store_true", help="renew the README's table too")
    options = parser.parse_args(arguments)
    keep_off_the_measured_core()
    print(describe(), flush=True)
    try:
        sections = [visit()]
    except Failed as exc:
        raise SystemExit(f"bench-visit: {exc}") from exc
    print(f"\n{report.text(sections[0])}\n\n{report.targets_table(sections).text()}", flush=True)
    report.save("visit", sections, readme=options.save)
    return 1 if options.check and report.missed(sections) else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
