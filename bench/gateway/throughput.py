"""Requests per second and CPU per request at full load, side by side: in turns, medians, ratios of the same round."""

import urllib.request
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from operator import attrgetter
from pathlib import Path
from statistics import median

from bench.chart import Bar
from bench.gateway import contenders, ours
from bench.gateway.contenders import Contender, Running, started
from bench.gateway.proof import prove
from bench.gateway.setting import TARGET, Setting
from bench.gateway.tokens import USERS
from bench.gateway.upstream import upstream
from bench.processes import Failed
from bench.report import Section, Table, Target
from bench.wrk import Figure, Figures, Load, http_request, measure, write_requests

_rate, _cpu, _p50, _p99 = (attrgetter(name) for name in ("rate", "cpu", "p50", "p99"))
_NOTABLE = 0.5  # us
_FRESH_RATE = 5000  # fresh tokens a second: enough for 50,000 requests


@dataclass(slots=True)
class Row:
    contender: Contender
    running: Running
    figures: list[Figures] = field(default_factory=list)

    def median(self, figure: Figure) -> float:
        return median(map(figure, self.figures))


@dataclass(frozen=True, slots=True)
class Measured:
    rows: Sequence[Row]
    notes: Sequence[str]

    def find(self, contender: Contender) -> Row | None:
        return next((row for row in self.rows if row.contender == contender), None)


class Throughput:
    """All contenders run at once, and wait idle while one is measured."""

    def __init__(self, setting: Setting, rounds: int, seconds: float) -> None:
        self._setting = setting
        self._rounds = rounds
        self._seconds = seconds
        self._files = {algorithm: self._write(algorithm, USERS) for algorithm in ("ES256", "HS256")}

    def compare(self, every: Sequence[Contender]) -> Measured:
        notes: list[str] = []
        with ExitStack() as stack:
            behind = stack.enter_context(upstream(self._setting))
            rows = [row for each in every if (row := self._start(stack, each, behind, notes))]
            for number in range(self._rounds):
                for row in rows[:: 1 if number % 2 == 0 else -1]:
                    if not self._measure(row, notes):
                        rows.remove(row)
            rows = [row for row in rows if self._is_still_right(row, notes)]
            notes += [said for row in rows if row.contender.ours and (said := _dropped(row))]
        return Measured(rows, notes)

    def _start(self, stack: ExitStack, contender: Contender, behind: int, notes: list[str]) -> Row | None:
        try:
            running = stack.enter_context(started(contender, self._setting, behind))
            prove(contender, running, self._setting.tokens)
            row = Row(contender, running)
            measure(self._load(row, fresh=None), 1, running.pid)
        except Failed as exc:
            notes.append(f"left out: {contender.label}: {exc}")
            return None
        return row

    def _measure(self, row: Row, notes: list[str]) -> bool:
        """Add one run's figures; or say what failed, and return False."""
        fresh = None
        if row.contender.hit_rate < 100:  # noqa: PLR2004  percent
            fresh = self._write(row.contender.algorithm or "ES256", round(_FRESH_RATE * self._seconds))
        try:
            figures = measure(self._load(row, fresh), self._seconds, row.running.pid, self._setting.valkey_pid)
            row.figures.append(replace(figures, cpu=figures.each[0]))
        except Failed as exc:
            notes.append(f"left out: {row.contender.label}: {exc}")
            return False
        return True

    def _is_still_right(self, row: Row, notes: list[str]) -> bool:
        try:
            prove(row.contender, row.running, self._setting.tokens)
        except Failed as exc:
            notes.append(f"left out: {row.contender.label}, after its runs: {exc}")
            return False
        return True

    def _load(self, row: Row, fresh: Path | None) -> Load:
        return Load(row.running.port, self._files[row.contender.algorithm or "ES256"], fresh)

    def _write(self, algorithm: str, count: int) -> Path:
        path = self._setting.folder / f"{algorithm}-{count}.requests"
        tokens = self._setting.tokens.make(algorithm, count)
        return write_requests(path, [http_request(TARGET, token) for token in tokens])


def _dropped(row: Row) -> str:
    """Say how many log lines our gateway has not written: they would have cost something."""
    with urllib.request.urlopen(f"http://127.0.0.1:{row.running.private_port}/metrics", timeout=10) as response:
        lines = response.read().decode().splitlines()
    dropped = sum(float(line.split()[1]) for line in lines if line.startswith("log_lines_dropped_total"))
    return f"{row.contender.label} dropped {dropped:,.0f} log lines" if dropped else ""


def side_by_side(setting: Setting, *, quick: bool) -> Section:
    full = ours.full()
    if quick:
        measured = Throughput(setting, 3, 1).compare((full, contenders.AIOHTTP))
    else:
        measured = Throughput(setting, 5, 3).compare(
            (full, ours.full(90), ours.bare(), ours.alone(), *contenders.PEERS)
        )
    mine = measured.find(full)
    if mine is None:
        raise Failed("; ".join(measured.notes))
    title = f"64 connections, {USERS} users, 200 bytes of JSON; medians of {len(mine.figures)} runs in turn"
    rows = sorted(measured.rows, key=lambda row: row.median(_cpu))
    bars = [Bar(row.contender.label, row.median(_cpu), ours=row.contender.ours) for row in rows]
    return Section([_table(title, rows, mine)], _targets(measured, mine), measured.notes, bars)


def ratio(mine: Row, other: Row) -> float:
    """Return the median of the ratios of CPU per request in the same round."""
    return median(one.cpu / another.cpu for one, another in zip(mine.figures, other.figures, strict=True))


def _table(title: str, rows: Sequence[Row], mine: Row) -> Table:
    columns = ("", "requests/s", "CPU us/request", "p50 ms", "p99 ms", "CPU, Colonnade's = 1", "")
    lines = [
        (
            row.contender.label,
            f"{row.median(_rate):,.0f}",
            f"{row.median(_cpu):,.1f}",
            f"{row.median(_p50) / 1000:.2f}",
            f"{row.median(_p99) / 1000:.2f}",
            f"{1 / ratio(mine, row):.2f}",
            _note(row),
        )
        for row in rows
    ]
    return Table(title, columns, lines)


def _note(row: Row) -> str:
    """Say what Valkey does for it, as that is work of no process of the gateway's."""
    valkey = row.median(lambda figures: figures.each[1])
    beside = f"Valkey {valkey:.1f} us besides" if row.contender.ours and valkey >= _NOTABLE else ""
    return ", ".join(filter(None, (row.contender.note, beside)))


def _targets(measured: Measured, mine: Row) -> list[Target]:
    targets = []
    for contender, bound in ((contenders.HAPROXY_ES, 0.8), (contenders.HAPROXY_HS, 2.5)):
        if row := measured.find(contender):
            targets.append(Target(f"CPU per request, to {contender.label}", ratio(mine, row), bound))
    if nodes := [row for each in contenders.NODE if (row := measured.find(each))]:
        best = min(nodes, key=lambda row: row.median(_cpu))
        what = f"CPU per request, to the best Node gateway ({best.contender.label})"
        targets.append(Target(what, ratio(mine, best), 0.5))
    return targets
